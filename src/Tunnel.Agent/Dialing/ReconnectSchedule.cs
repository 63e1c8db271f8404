namespace Tunnel.Agent.Dialing;

/// <summary>
/// How long to wait before the next attempt: exponential with full jitter, the first retry included, so that the agents of a relay that
/// restarts do not come back in step. Owns no timer.
/// </summary>
internal sealed class ReconnectSchedule(Random random)
{
    /// <summary>The first retry comes within this.</summary>
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);

    /// <summary>A relay that is back after a long outage is found again within this.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>A link has to live this long before a loss counts as a fresh one, so that flapping does not become a busy loop.</summary>
    public static readonly TimeSpan Healthy = TimeSpan.FromSeconds(10);

    private int _failures;

    public TimeSpan Next(TunnelFailureReason reason, TimeSpan? retryAfter)
    {
        var most = First * Math.Pow(2, Math.Min(_failures++, 10));
        most = most < Longest ? most : Longest;
        var wait = most * random.NextDouble();
        if (reason is TunnelFailureReason.KeyRefused or TunnelFailureReason.SlugTaken or TunnelFailureReason.SlugRefused)
        {
            // Only a person can change these; asking often helps nobody.
            wait = (Longest / 2) + (Longest / 2 * random.NextDouble());
        }

        // The relay's word is the least; the jitter stays on top of it.
        return retryAfter is { } least ? least + wait : wait;
    }

    public void Connected(TimeSpan lifetime)
    {
        if (lifetime >= Healthy)
        {
            _failures = 0;
        }
    }
}
