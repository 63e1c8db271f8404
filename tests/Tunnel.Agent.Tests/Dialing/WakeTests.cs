using Microsoft.Extensions.Logging.Abstractions;
using Tunnel.Agent.Dialing;

namespace Tunnel.Agent.Tests.Dialing;

/// <summary>The waits between attempts, and what ends them early.</summary>
public sealed class WakeTests : IDisposable
{
    private static readonly TunnelFailure Slow = new(TunnelFailureReason.KeyRefused, "Refused.");
    private static readonly TimeSpan Jitter = ReconnectSchedule.WakeJitter / 2;
    private readonly FakeTime _time = new();
    private readonly NetworkWake _wake;
    private readonly Redial _redial;

    public WakeTests()
    {
        _wake = new NetworkWake(_time);
        _redial = new Redial(new ReconnectSchedule(new FixedRandom(0.5)), _wake, _time, NullLogger<Redial>.Instance);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NothingFailed_AttemptIsDueAtOnce() => await _redial.WhenDueAsync(Stop).InTime();

    [Fact]
    public async Task NothingWakes_WaitLastsAsLongAsItShould()
    {
        _redial.After(Slow);
        var due = _redial.WhenDueAsync(Stop);

        _time.Advance(TimeSpan.FromSeconds(22.4));
        Assert.False(due.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        await due.InTime();
    }

    [Fact]
    public async Task NetworkChanges_WaitEndsAfterALittleJitter()
    {
        _redial.After(Slow);
        var due = _redial.WhenDueAsync(Stop);

        _wake.NetworkChanged();
        await _time.WhenArmedAsync(Jitter).InTime();
        _time.Advance(Jitter);

        await due.InTime();
    }

    [Fact]
    public async Task MachineSlept_WaitEndsAtTheNextLook()
    {
        _redial.After(Slow);
        var due = _redial.WhenDueAsync(Stop);

        _time.Jump(TimeSpan.FromMinutes(1));
        _time.Advance(SleepDetector.Period);
        await _time.WhenArmedAsync(Jitter).InTime();
        _time.Advance(Jitter);

        await due.InTime();
    }

    [Fact]
    public async Task WokenWithinTheRelaysRetryTime_TheRestOfItIsWaitedFor()
    {
        _redial.After(new TunnelFailure(TunnelFailureReason.Overloaded, "Later."), TimeSpan.FromSeconds(60));
        var due = _redial.WhenDueAsync(Stop);
        _time.Advance(TimeSpan.FromSeconds(20));

        _wake.NetworkChanged();
        var rest = TimeSpan.FromSeconds(40);
        await _time.WhenArmedAsync(rest + Jitter, rest).InTime();
        Assert.False(due.IsCompleted);

        _time.Advance(rest + Jitter);
        await due.InTime();
    }

    [Fact]
    public void AddressesChangeInABurst_TwoWakeUpsInAll_TheLastAtTheEnd()
    {
        var wakes = 0;
        _wake.Woken += () => wakes++;
        _time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++)
        {
            _wake.NetworkChanged();
        }

        Assert.Equal(1, wakes);
        _time.Advance(SleepDetector.Period);
        Assert.Equal(2, wakes);
        _time.Advance(SleepDetector.Period * 10);
        Assert.Equal(2, wakes);
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(11, true)]
    [InlineData(-3600, false)]
    public void ClockOnTheWallJumps_OnlyALargeGapCountsAsSleep(int seconds, bool slept)
    {
        var detector = new SleepDetector(_time);
        _time.Jump(TimeSpan.FromSeconds(seconds));
        _time.Advance(SleepDetector.Period);

        Assert.Equal(slept, detector.HasSlept());

        _time.Advance(SleepDetector.Period);
        Assert.False(detector.HasSlept());
    }

    public void Dispose() => _wake.Dispose();
}
