namespace Tunnel.Cli.Tests;

/// <summary>A clock that stands still at 14:02:11; its timers never ring.</summary>
internal sealed class FixedTime : TimeProvider
{
    public static DateTimeOffset Instant { get; } = new(2026, 11, 21, 14, 2, 11, TimeSpan.Zero);

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Instant;

    public override long GetTimestamp() => 0;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new SilentTimer();

    private sealed class SilentTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
