using Microsoft.Extensions.Logging;

namespace Tunnel.Agent.Dialing;

/// <summary>
/// When the agent dials next: after the wait of the schedule, or as soon as the machine has woken up or got another network. What the
/// relay asked for with a retry time is waited for in either case.
/// </summary>
internal sealed partial class Redial(ReconnectSchedule schedule, NetworkWake wake, TimeProvider time, ILogger<Redial> logger)
{
    private readonly Lock _gate = new(); // guards the three fields below
    private TimeSpan _wait;
    private long _since;
    private DateTimeOffset? _relayExpects; // by the clock on the wall, which goes on while the machine sleeps

    /// <summary>For a session that goes on beside the one that comes after it, with failures of its own.</summary>
    public Redial Fork() => new(new ReconnectSchedule(Random.Shared), wake, time, logger);

    /// <summary>An attempt failed, or a link was lost: says so, and settles when the next attempt comes.</summary>
    public void After(TunnelFailure failure, TimeSpan? retryAfter = null, TimeSpan? longest = null)
    {
        var wait = Settle(failure.Reason, retryAfter, longest);
        if (failure.Reason == TunnelFailureReason.RelayKeyMismatch)
        {
            LogNotTheRelay(failure.Message, wait.TotalSeconds);
        }
        else
        {
            LogRetry(failure.Message, wait.TotalSeconds);
        }
    }

    /// <summary>Nothing failed, but the next attempt is due: all agents of a relay that goes away hear it at the same time.</summary>
    public void Soon() => Settle(TunnelFailureReason.LinkLost, retryAfter: null, longest: null);

    /// <inheritdoc cref="ReconnectSchedule.Lived"/>
    public void Lived(TimeSpan lifetime) => schedule.Lived(lifetime);

    /// <summary>Waits until the next attempt is due; returns at once when it is already.</summary>
    public async Task WhenDueAsync(CancellationToken cancellationToken)
    {
        var woken = wake.Next; // before the time is looked at, so that no wake-up is missed
        var left = Left();
        if (left <= TimeSpan.Zero)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return;
        }

        using var early = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var due = Task.Delay(left, time, early.Token);
        if (await Task.WhenAny(due, woken).ConfigureAwait(false) == due)
        {
            await due.ConfigureAwait(false);
            return;
        }

        await early.CancelAsync().ConfigureAwait(false);
        await Task.Delay(LeftForRelay() + schedule.NextAfterWake(), time, cancellationToken).ConfigureAwait(false);
    }

    private TimeSpan Settle(TunnelFailureReason reason, TimeSpan? retryAfter, TimeSpan? longest)
    {
        lock (_gate)
        {
            _since = time.GetTimestamp();
            _wait = schedule.Next(reason, retryAfter, longest);
            _relayExpects = time.GetUtcNow() + retryAfter;
            return _wait;
        }
    }

    private TimeSpan Left()
    {
        lock (_gate)
        {
            return _wait - (_wait == TimeSpan.Zero ? TimeSpan.Zero : time.GetElapsedTime(_since));
        }
    }

    /// <summary>A clock that was set back must not make it longer than the whole wait.</summary>
    private TimeSpan LeftForRelay()
    {
        lock (_gate)
        {
            var left = _relayExpects is { } at ? at - time.GetUtcNow() : TimeSpan.Zero;
            return left <= TimeSpan.Zero ? TimeSpan.Zero : left < _wait ? left : _wait;
        }
    }

    [LoggerMessage(202, LogLevel.Warning, "{Failure} Next attempt in {Seconds:0.0} s.", EventName = "ConnectFailed")]
    private partial void LogRetry(string failure, double seconds);

    [LoggerMessage(205, LogLevel.Error, "{Failure} Next attempt in {Seconds:0.0} s.", EventName = "RelayKeyMismatch")]
    private partial void LogNotTheRelay(string failure, double seconds);
}
