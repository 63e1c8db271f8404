namespace Tunnel.Agent.Dialing;

/// <summary>
/// Tells by regular looks at two clocks that the machine has slept: some platforms stop the one that counts elapsed time meanwhile, others
/// let it go on and only run nothing, and the clock on the wall goes on with all of them. Owns no timer.
/// </summary>
internal sealed class SleepDetector(TimeProvider time)
{
    /// <summary>How often to look.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>A gap beyond this is no busy machine and no clock being corrected any more. Both would cost one ping.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromSeconds(10);

    private DateTimeOffset _wall = time.GetUtcNow();

    /// <summary>Whether the machine has slept since the last look.</summary>
    public bool HasSlept()
    {
        var before = _wall;
        _wall = time.GetUtcNow();
        return _wall - before > Period + Gap;
    }
}
