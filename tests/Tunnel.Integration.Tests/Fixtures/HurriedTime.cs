namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>
/// The system's time for an agent that waits for nothing before it dials again: a timer of a random length is due at once. The tunnel's
/// time-outs, which are whole seconds, are what they are, and so is what is left of a minute's drain time-out.
/// </summary>
internal sealed class HurriedTime : TimeProvider
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var isRandom = period == Timeout.InfiniteTimeSpan && dueTime > TimeSpan.Zero && dueTime < LongestWait
            && dueTime.Ticks % TimeSpan.TicksPerSecond != 0;
        return base.CreateTimer(callback, state, isRandom ? TimeSpan.FromMilliseconds(1) : dueTime, period);
    }
}
