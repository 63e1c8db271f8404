using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Tunnel.Relay.Registry;

/// <summary>The tunnels that are connected now, by slug. Looking one up takes no lock and allocates nothing.</summary>
internal sealed class TunnelRegistry
{
    private readonly ConcurrentDictionary<string, LiveTunnel> _tunnels = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, LiveTunnel>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

    public TunnelRegistry() => _bySpan = _tunnels.GetAlternateLookup<ReadOnlySpan<char>>();

    public IEnumerable<LiveTunnel> All => _tunnels.Select(entry => entry.Value);

    public bool TryFind(ReadOnlySpan<char> slug, [NotNullWhen(true)] out LiveTunnel? tunnel) => _bySpan.TryGetValue(slug, out tunnel);

    public bool IsLive(string slug) => _tunnels.ContainsKey(slug);

    /// <summary>Puts a tunnel in place of an earlier one of the same slug, which is returned: its link is to be cut.</summary>
    public LiveTunnel? Add(LiveTunnel tunnel)
    {
        LiveTunnel? replaced = null;
        _tunnels.AddOrUpdate(tunnel.Slug, tunnel, (_, earlier) =>
        {
            replaced = earlier;
            return tunnel;
        });
        return replaced;
    }

    /// <summary>Removes a tunnel unless another has taken its place.</summary>
    public void Remove(LiveTunnel tunnel) => _tunnels.TryRemove(KeyValuePair.Create(tunnel.Slug, tunnel));
}
