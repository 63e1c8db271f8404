using Tunnel.Wire.Flow;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

public sealed class ControlOutboxTests
{
    [Fact]
    public void Credit_ThatIsSaidAgainAfterAHigherOne_DoesNotHideIt()
    {
        // A new link repeats the limit that was read a moment ago, while the reader is granting more.
        var outbox = new ControlOutbox();
        var stream = new OutboundStream(1, new Deaf());
        outbox.Credit(stream, 60_000);
        outbox.Credit(stream, 40_000);

        var buffer = new byte[ControlOutbox.MessageSize];
        var message = Assert.IsType<PlainMessage.Control>(PlainMessage.Decode(buffer.AsMemory(0, outbox.Write(buffer))));
        Assert.Equal(new PlainRecord.Credit(1, 60_000), Assert.Single(message.Records));
    }

    private sealed class Deaf : IRoomHandler
    {
        public void OnRoom()
        {
        }
    }
}
