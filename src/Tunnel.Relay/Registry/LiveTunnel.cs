using Tunnel.Relay.Connect;

namespace Tunnel.Relay.Registry;

/// <summary>One slug that a session serves, for as long as the session lives.</summary>
/// <param name="Slug">The public name, in lower case.</param>
/// <param name="Index">The tunnel's number in its session, from 0.</param>
/// <param name="Services">Names of its services besides the default one.</param>
/// <param name="InPathMode">Whether visitors reach it on the relay's own origin.</param>
/// <param name="Generation">Higher than that of every registration of the slug before.</param>
/// <param name="Session">The way to its agent.</param>
internal sealed record LiveTunnel(
    string Slug, int Index, IReadOnlyList<string> Services, bool InPathMode, long Generation, RelaySession Session)
{
    /// <summary>Whether it stays when another one with the same slug comes.</summary>
    public bool SharesWith(LiveTunnel other) =>
        Session.Agent.Pools && other.Session.Agent.Pools && Session.Agent.Key.ServerId == other.Session.Agent.Key.ServerId;

    /// <param name="service">In lower case; empty for the default one.</param>
    public bool Serves(string service) => service.Length == 0 || Services.Contains(service);

    /// <summary>Whether to take its place is to take it away: an agent that has said that it goes has none to lose.</summary>
    public bool IsContested => Session.Wire.IsAccepting;

    /// <summary>A session holds its tunnels; printing them all would never end.</summary>
    public override string ToString() => Slug;
}
