using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using Tunnel.Relay.Connect;

namespace Tunnel.Relay.Registry;

/// <summary>
/// Who serves which slug now. Looking up takes no lock and allocates nothing. A slug whose agent was lost stays until the grace is over,
/// so that requests find a place to wait.
/// </summary>
internal sealed class TunnelRegistry
{
    private readonly Lock _gate = new(); // held for every change; never while a session's own lock is
    private readonly ConcurrentDictionary<string, TunnelPool> _pools = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, TunnelPool>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly HashSet<TunnelPool> _empty = []; // guarded by _gate
    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;
    private readonly long _started;
    private long _generation;

    public TunnelRegistry(IOptions<TunnelRelayOptions> options, TimeProvider time)
    {
        _time = time;
        _grace = options.Value.ResumeGrace;
        _started = time.GetTimestamp();
        _bySpan = _pools.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    private bool HasJustStarted => _time.GetElapsedTime(_started) < _grace;

    public bool TryFind(ReadOnlySpan<char> slug, [NotNullWhen(true)] out TunnelPool? pool) => _bySpan.TryGetValue(slug, out pool);

    /// <summary>Whether a session serves the slug, be it between two links.</summary>
    public bool IsLive(string slug) => _pools.TryGetValue(slug, out var pool) && pool.Members.Length > 0;

    /// <summary>
    /// A place to wait for the agent of a claimed slug that nobody serves: a relay that has just started is waited for by agents that are
    /// about to come back.
    /// </summary>
    public bool TryExpect(string slug, [NotNullWhen(true)] out TunnelPool? pool)
    {
        pool = null;
        if (!HasJustStarted)
        {
            return false;
        }

        lock (_gate)
        {
            if (!_pools.TryGetValue(slug, out pool))
            {
                pool = new TunnelPool(slug, _time, _grace);
                pool.Expect(_started);
                _pools[slug] = pool;
                _empty.Add(pool);
            }

            return true;
        }
    }

    /// <summary>Greater than any before, also of an earlier process: the clock's milliseconds, or one more than the last.</summary>
    public long NextGeneration()
    {
        lock (_gate)
        {
            return _generation = Math.Max(_generation + 1, _time.GetUtcNow().ToUnixTimeMilliseconds());
        }
    }

    /// <summary>Whether an agent may serve a slug that is its owner's, beside or in the place of who serves it now.</summary>
    public SlugEntry MayServe(string slug, SessionAgent agent)
    {
        lock (_gate)
        {
            if (!_pools.TryGetValue(slug, out var pool))
            {
                return SlugEntry.Free;
            }

            var staying = 0;
            foreach (var member in pool.Members)
            {
                if (agent.Pools && member.Session.Agent.Pools)
                {
                    staying++;
                }
                else if (member.IsContested && pool.TakeOvers.AreTooMany(member.Session.Agent.InstanceId, agent.InstanceId))
                {
                    return SlugEntry.Fought;
                }
            }

            return staying >= RelayDefaults.AgentsPerPool ? SlugEntry.Full : SlugEntry.Free;
        }
    }

    /// <summary>Lets a session's tunnels be found, and returns the sessions whose place they have taken.</summary>
    public IReadOnlyCollection<RelaySession> Add(IReadOnlyList<LiveTunnel> tunnels)
    {
        var replaced = new HashSet<RelaySession>();
        lock (_gate)
        {
            foreach (var tunnel in tunnels)
            {
                if (!_pools.TryGetValue(tunnel.Slug, out var pool))
                {
                    _pools[tunnel.Slug] = pool = new TunnelPool(tunnel.Slug, _time, _grace);
                }

                _empty.Remove(pool);
                replaced.UnionWith(pool.Add(tunnel).Select(member => member.Session));
            }

            Sweep();
        }

        return replaced;
    }

    /// <summary>Takes a session's tunnels out; those whose slug another session has taken are not touched.</summary>
    /// <param name="tunnels">The session's.</param>
    /// <param name="awaySince">Since when their agent has been away, if it did not leave in order.</param>
    public void Remove(IReadOnlyList<LiveTunnel> tunnels, long? awaySince)
    {
        lock (_gate)
        {
            foreach (var tunnel in tunnels)
            {
                if (_pools.TryGetValue(tunnel.Slug, out var pool))
                {
                    pool.Remove(tunnel, awaySince);
                    if (pool.Members.Length == 0)
                    {
                        _empty.Add(pool);
                    }
                }
            }

            Sweep();
        }
    }

    /// <summary>Forgets slugs that nobody serves and nobody waits for: what is left is bounded by the sessions of one grace.</summary>
    private void Sweep()
    {
        if (HasJustStarted)
        {
            // An agent that came and left in order is not one that is about to come.
            return;
        }

        foreach (var pool in _empty.Where(pool => pool.IsGone).ToArray())
        {
            _empty.Remove(pool);
            _pools.TryRemove(KeyValuePair.Create(pool.Slug, pool));
        }
    }
}

/// <summary>Whether an agent may serve a slug.</summary>
internal enum SlugEntry
{
    Free,

    /// <summary>As many agents serve it as may.</summary>
    Full,

    /// <summary>Two processes take it from each other.</summary>
    Fought,
}
