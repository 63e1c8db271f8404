using Tunnel.Agent.Dialing;

namespace Tunnel.Agent.Tests.Dialing;

public sealed class ReconnectScheduleTests
{
    private static readonly double[] Doubling = [0.5, 1, 2, 4, 8, 16, 30, 30, 30];

    [Fact]
    public void NetworkErrors_WaitDoublesUpToHalfAMinute_WithJitterFromTheFirst()
    {
        var longest = new ReconnectSchedule(new FixedRandom(1));
        var shortest = new ReconnectSchedule(new FixedRandom(0));
        foreach (var seconds in Doubling)
        {
            Assert.Equal(seconds, longest.Next(TunnelFailureReason.Unreachable, null).TotalSeconds);
            Assert.Equal(0, shortest.Next(TunnelFailureReason.LinkLost, null).TotalSeconds);
        }
    }

    [Fact]
    public void LinkFlaps_WaitsStayShortEnoughForTheSessionToSurvive()
    {
        var schedule = new ReconnectSchedule(new FixedRandom(1));
        for (var i = 0; i < 100; i++)
        {
            Assert.InRange(
                schedule.Next(TunnelFailureReason.LinkLost, null, TimeSpan.FromSeconds(4)), ReconnectSchedule.First, TimeSpan.FromSeconds(4));
        }

        Assert.Equal(ReconnectSchedule.Longest, schedule.Next(TunnelFailureReason.Unreachable, null));
    }

    [Fact]
    public void ManyFailures_WaitStaysInItsBounds()
    {
        var schedule = new ReconnectSchedule(new FixedRandom(1));
        for (var i = 0; i < 100_000; i++)
        {
            Assert.InRange(schedule.Next(TunnelFailureReason.Unreachable, null), ReconnectSchedule.First, ReconnectSchedule.Longest);
        }
    }

    [Fact]
    public void LinksThatHoldForHalfASecondOnAverage_AreFollowedQuicklyForEver()
    {
        var schedule = new ReconnectSchedule(new FixedRandom(1));
        for (var link = 0; link < 1000; link++)
        {
            schedule.Lived(TimeSpan.FromSeconds(link % 2 == 0 ? 0.1 : 0.9));
            Assert.Equal(ReconnectSchedule.First, schedule.Next(TunnelFailureReason.LinkLost, null));
        }
    }

    [Fact]
    public void LinksThatHoldForNothing_AreForgivenForAWhileAndThenWaitedFor()
    {
        var schedule = new ReconnectSchedule(new FixedRandom(1));
        var waits = Enumerable.Range(0, 30).Select(_ =>
        {
            schedule.Lived(TimeSpan.FromMilliseconds(1));
            return schedule.Next(TunnelFailureReason.LinkLost, null);
        }).ToArray();

        Assert.All(waits[..ReconnectSchedule.ShortLinks], wait => Assert.Equal(ReconnectSchedule.First, wait));
        Assert.Equal(ReconnectSchedule.Longest, waits[^1]);
    }

    [Fact]
    public void RelaySaysWhen_JitterComesOnTop()
    {
        var schedule = new ReconnectSchedule(new FixedRandom(0.5));
        Assert.Equal(60.25, schedule.Next(TunnelFailureReason.Overloaded, TimeSpan.FromMinutes(1)).TotalSeconds);
    }

    [Theory]
    [InlineData(TunnelFailureReason.KeyRefused)]
    [InlineData(TunnelFailureReason.SlugTaken)]
    [InlineData(TunnelFailureReason.SlugRefused)]
    [InlineData(TunnelFailureReason.RelayKeyMismatch)]
    [InlineData(TunnelFailureReason.DuplicateInstance)]
    public void OnlyAPersonCanChangeIt_WaitIsLongFromTheFirst(TunnelFailureReason reason)
    {
        Assert.Equal(15, new ReconnectSchedule(new FixedRandom(0)).Next(reason, null).TotalSeconds);
        Assert.Equal(30, new ReconnectSchedule(new FixedRandom(1)).Next(reason, null).TotalSeconds);
    }
}
