namespace Tunnel.Agent.Dialing;

/// <summary>
/// How long to wait before the next attempt: exponential with full jitter, the first retry included, so that the agents of a relay that
/// restarts do not come back in step. Owns no timer. Safe for concurrent use.
/// </summary>
internal sealed class ReconnectSchedule(Random random)
{
    /// <summary>The first retry comes within this.</summary>
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);

    /// <summary>A relay that is back after a long outage is found again within this.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Links have to live this long on average for each loss to count as a fresh one: a session waits for its next link, and what is open
    /// with it, so a bad network is answered quickly, and a relay that takes links only to drop them is not.
    /// </summary>
    public static readonly TimeSpan Healthy = TimeSpan.FromMilliseconds(500);

    /// <summary>Links in a row that may live shorter.</summary>
    public const int ShortLinks = 16;

    /// <summary>A network that comes back does so for all machines behind it at once.</summary>
    public static readonly TimeSpan WakeJitter = TimeSpan.FromMilliseconds(250);

    /// <summary>The doublings after which <see cref="Longest"/> is reached for certain.</summary>
    private const int MostDoublings = 10;

    private readonly Lock _gate = new(); // guards the fields below, and random
    private int _failures;
    private double _forgiven = ShortLinks; // losses that count as fresh ones; earned by living

    /// <param name="reason">Why the last attempt failed, or the last link ended.</param>
    /// <param name="retryAfter">The relay's word. It is the least; the jitter comes on top of it.</param>
    /// <param name="longest">Where waits that grow stop, if before <see cref="Longest"/>.</param>
    public TimeSpan Next(TunnelFailureReason reason, TimeSpan? retryAfter, TimeSpan? longest = null)
    {
        lock (_gate)
        {
            var bound = longest < Longest ? longest.Value : Longest;
            var most = First * Math.Pow(2, _failures);
            _failures = Math.Min(_failures + 1, MostDoublings);

            // Only a person can change some reasons; asking often helps nobody.
            var wait = IsLasting(reason)
                ? Longest / 2 * (1 + random.NextDouble())
                : (most < bound ? most : bound) * random.NextDouble();
            return (retryAfter ?? TimeSpan.Zero) + wait;
        }
    }

    /// <summary>How long to wait when a wake-up has ended the wait.</summary>
    public TimeSpan NextAfterWake()
    {
        lock (_gate)
        {
            return WakeJitter * random.NextDouble();
        }
    }

    /// <summary>A link has ended after this long.</summary>
    public void Lived(TimeSpan lifetime)
    {
        lock (_gate)
        {
            _forgiven = Math.Min(_forgiven + (lifetime / Healthy), ShortLinks);
            if (_forgiven >= 1)
            {
                _forgiven--;
                _failures = 0;
            }
        }
    }

    private static bool IsLasting(TunnelFailureReason reason) => reason
        is TunnelFailureReason.KeyRefused or TunnelFailureReason.SlugTaken or TunnelFailureReason.SlugRefused
        or TunnelFailureReason.RelayKeyMismatch or TunnelFailureReason.DuplicateInstance;
}
