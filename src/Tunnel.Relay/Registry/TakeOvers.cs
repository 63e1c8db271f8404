namespace Tunnel.Relay.Registry;

/// <summary>
/// The latest take-overs of one slug, which tell two processes that fight for it from one that restarts. At most 12 are kept: four
/// pairs can take turns before one is missed. Not for concurrent use; the registry has the lock.
/// </summary>
internal sealed class TakeOvers(TimeProvider time)
{
    private const int MaxKept = 4 * RelayDefaults.TakeOvers;
    private readonly Queue<(string Earlier, string Later, long At)> _latest = new();

    /// <summary>Whether the two have taken the slug from each other too often for one more time.</summary>
    public bool AreTooMany(string holder, string comer) =>
        holder != comer
        && _latest.Count(entry => time.GetElapsedTime(entry.At) < RelayDefaults.TakeOverWindow
            && (entry.Earlier == holder && entry.Later == comer || entry.Earlier == comer && entry.Later == holder)) >= RelayDefaults.TakeOvers;

    public void Add(string holder, string comer)
    {
        if (holder == comer)
        {
            return;
        }

        if (_latest.Count == MaxKept)
        {
            _latest.Dequeue();
        }

        _latest.Enqueue((holder, comer, time.GetTimestamp()));
    }
}
