using Tunnel.Wire.Flow;

namespace Tunnel.Wire.Tests.Flow;

public sealed class SchedulerTests
{
    [Fact]
    public void Turns_GoToYoungExchangesFirst_AndToBulkNowAndThen()
    {
        var scheduler = new Scheduler();
        var bulk = Waiting(1, sent: WireDefaults.MaxDataPayload);
        scheduler.Enqueue(bulk);
        for (var id = 2u; id < 20; id++)
        {
            scheduler.Enqueue(Waiting(id, sent: 0));
        }

        var turns = new List<uint>();
        for (var turn = 0; turn < 12; turn++)
        {
            Assert.True(scheduler.TryPeek(out var stream));
            turns.Add(stream.Id);
            scheduler.Advance(); // all of them have more
        }

        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 9, 1, 10, 11, 12], turns);
    }

    [Fact]
    public void Exchange_ThatGaveUpWhatWaited_IsPassedOver()
    {
        var scheduler = new Scheduler();
        var gone = Waiting(1, sent: 0);
        scheduler.Enqueue(gone);
        scheduler.Enqueue(Waiting(2, sent: 0));
        gone.DropData();
        Assert.True(scheduler.TryPeek(out var stream));
        Assert.Equal(2u, stream.Id);
        stream.DropData();
        Assert.False(scheduler.TryPeek(out _));
        Assert.True(scheduler.IsEmpty);
    }

    private static OutboundStream Waiting(uint id, long sent)
    {
        var stream = new OutboundStream(id, new Deaf()) { Sent = sent };
        stream.KeepData(new byte[10], end: false);
        return stream;
    }

    private sealed class Deaf : IRoomHandler
    {
        public void OnRoom()
        {
        }
    }
}
