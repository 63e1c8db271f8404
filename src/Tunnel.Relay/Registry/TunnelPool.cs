using Tunnel.Relay.Connect;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Registry;

/// <summary>
/// One slug and the tunnels that serve it: one, several if their agents said that they share, or none for as long as one is expected
/// back. Reading takes no lock; <see cref="TunnelRegistry"/> has the lock for changes.
/// </summary>
internal sealed class TunnelPool(string slug, TimeProvider time, TimeSpan grace)
{
    private const long Never = long.MinValue;

    private volatile LiveTunnel[] _members = []; // never changed, only replaced
    private long _awaySince = Never; // written before _members is emptied, read after it was found empty
    private TaskCompletionSource? _changed; // null while nobody waits

    public string Slug { get; } = slug;

    public LiveTunnel[] Members => _members;

    /// <summary>Guarded by the registry's lock.</summary>
    public TakeOvers TakeOvers { get; } = new(time);

    /// <summary>What waits for an agent of this pool.</summary>
    public ParkedRequests Parked { get; } = new();

    /// <summary>Whether nobody serves the slug and nobody is expected any more.</summary>
    public bool IsGone => _members.Length == 0 && WaitsUntil(long.MaxValue) is null;

    /// <summary>False if it serves the slug elsewhere only; a pool without a tunnel may get any.</summary>
    public bool MayServe(bool inPathMode)
    {
        var members = _members;
        foreach (var member in members)
        {
            if (!inPathMode || member.InPathMode)
            {
                return true;
            }
        }

        return members.Length == 0;
    }

    /// <summary>Whether an agent of the pool has a service of that name.</summary>
    public bool Serves(string service) => Array.Exists(_members, member => member.Serves(service));

    /// <summary>The tunnel with the fewest open exchanges among those that can take one more, or null.</summary>
    /// <param name="inPathMode">Whether it has to be one that visitors reach on the relay's own origin.</param>
    /// <param name="passedOver">Tunnels that have been tried for this request.</param>
    /// <param name="service">The service that it has to have; empty for the default one.</param>
    public LiveTunnel? Choose(bool inPathMode, List<LiveTunnel>? passedOver, string service)
    {
        LiveTunnel? best = null;
        var least = int.MaxValue;
        var members = _members;
        foreach (var member in members)
        {
            if (inPathMode && !member.InPathMode || !member.Serves(service) || passedOver?.Contains(member) == true)
            {
                continue;
            }

            if (members.Length == 1)
            {
                // Nothing to compare; whether it can take one it says itself.
                return member;
            }

            var wire = member.Session.Wire;
            if (wire.IsLinked && wire.IsAccepting && wire.OpenExchanges is var open && open < least)
            {
                (best, least) = (member, open);
            }
        }

        return best;
    }

    /// <summary>The timestamp until which a request should wait for an agent, or null if none is expected.</summary>
    /// <param name="longest">The latest one that there can be for this request.</param>
    public long? WaitsUntil(long longest)
    {
        var members = _members;
        if (members.Length == 0)
        {
            return EndOfGrace(Volatile.Read(ref _awaySince), longest);
        }

        var latest = Never;
        foreach (var member in members)
        {
            if (member.Session.Wire.IsLinked || member.Session.UnlinkedSince is not { } since)
            {
                // It has no room, or its link changes at this moment.
                return longest;
            }

            latest = Math.Max(latest, since);
        }

        return EndOfGrace(latest, longest);
    }

    /// <summary>Completes when something has changed after this call that may let a request through.</summary>
    public Task WhenChangedAsync()
    {
        var changed = Volatile.Read(ref _changed);
        if (changed is null)
        {
            var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed = Interlocked.CompareExchange(ref _changed, created, null) ?? created;
        }

        return changed.Task;
    }

    /// <summary>Puts a tunnel in, in the place of those that do not share with it, which are returned.</summary>
    internal LiveTunnel[] Add(LiveTunnel tunnel)
    {
        var members = _members;
        var replaced = Array.FindAll(members, member => !member.SharesWith(tunnel));
        foreach (var member in replaced)
        {
            member.Session.Wire.Changed -= OnChanged;
            if (member.IsContested)
            {
                TakeOvers.Add(member.Session.Agent.InstanceId, tunnel.Session.Agent.InstanceId);
            }
        }

        tunnel.Session.Wire.Changed += OnChanged;
        _members = [.. members.Except(replaced), tunnel];
        Wake();
        return replaced;
    }

    /// <summary>Takes a tunnel out unless another has taken its place.</summary>
    /// <param name="tunnel">The one whose session is over.</param>
    /// <param name="awaySince">Since when its agent has been away, if it did not leave in order.</param>
    internal void Remove(LiveTunnel tunnel, long? awaySince)
    {
        var members = _members;
        if (!members.Contains(tunnel))
        {
            return;
        }

        tunnel.Session.Wire.Changed -= OnChanged;
        Volatile.Write(ref _awaySince, awaySince ?? Never);
        _members = [.. members.Where(member => member != tunnel)];
        Wake();
    }

    /// <summary>Lets requests wait for an agent that was here before this relay process.</summary>
    internal void Expect(long since) => Volatile.Write(ref _awaySince, since);

    private void OnChanged(TunnelSession session) => Wake();

    private void Wake() => Interlocked.Exchange(ref _changed, null)?.TrySetResult();

    private long? EndOfGrace(long since, long longest)
    {
        if (since == Never)
        {
            return null;
        }

        var end = since + (long)(grace.TotalSeconds * time.TimestampFrequency);
        return end > time.GetTimestamp() ? Math.Min(end, longest) : null;
    }
}
