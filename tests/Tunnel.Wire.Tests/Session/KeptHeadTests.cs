using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>Heads that found the log full.</summary>
public sealed class KeptHeadTests
{
    private const int HeadSize = 90_000;

    [Fact]
    public async Task Heads_ThatStillWaitWhenTheSessionEnds_AreForgotten()
    {
        var served = new TaskCompletionSource();
        var exchanges = new List<Exchange>();
        await using var pair = new PeerPair(exchange =>
        {
            exchanges.Add(exchange);
            exchange.SendHead(new byte[HeadSize], FrameFlags.End);
            if (exchanges.Count == 8)
            {
                served.SetResult();
            }
        });
        for (var stream = 1u; stream <= 8; stream++)
        {
            await pair.Peer.Send(PlainFrame.Head(stream, [1], PlainFrame.End));
        }

        await served.Task.InTime();
        Assert.True(pair.Budget.Reserved > 8 * WireDefaults.CreditFloor, "No head had to wait.");
        pair.Session.End(ErrorCode.LinkLost);
        exchanges.ForEach(exchange => exchange.Dispose());
        Assert.Equal(0, pair.Budget.Reserved);
    }

    [Theory]
    [InlineData(2)] // together more than a message may hold
    [InlineData(6)] // together more than the log may hold
    public async Task Heads_ThatWaitedTogether_LeaveInMessagesThatTheOtherSideTakes(int heads)
    {
        var served = new TaskCompletionSource();
        var exchanges = new List<Exchange>();
        await using var pair = new PeerPair(exchange =>
        {
            exchanges.Add(exchange);
            if (exchanges.Count == 5)
            {
                Assert.All(exchanges.SkipLast(1), other => other.SendHead(new byte[HeadSize])); // nobody acks: the log is full
                for (var sent = 1; sent < heads; sent++)
                {
                    exchange.SendHead(new byte[HeadSize]);
                }

                exchange.EndWithTrailers(new byte[HeadSize]);
                served.SetResult();
            }
        });
        for (var stream = 1u; stream <= 5; stream++)
        {
            await pair.Peer.Send(PlainFrame.Head(stream, [1], PlainFrame.End));
        }

        await served.Task.InTime();
        Assert.True(pair.Budget.Reserved > 5 * WireDefaults.CreditFloor, "No head had to wait.");
        pair.Peer.Acks = true;
        for (var sent = 0; sent < heads; sent++)
        {
            var frame = await pair.Peer.ExpectFrame(PlainFrameType.Head, stream: 5);
            Assert.Equal(HeadSize, frame.Payload.Length);
            Assert.Equal(sent == heads - 1, frame.IsEnd);
        }

        exchanges.ForEach(exchange => exchange.Dispose());
        Assert.Equal(0, pair.Budget.Reserved);
    }
}
