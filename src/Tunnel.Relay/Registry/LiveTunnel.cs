using Tunnel.Wire.Session;

namespace Tunnel.Relay.Registry;

/// <summary>One agent's registration under one slug, for as long as its session lives.</summary>
/// <param name="Slug">The public name, in lower case.</param>
/// <param name="ServerId">The owner.</param>
/// <param name="InPathMode">Whether visitors reach it on the relay's own origin.</param>
/// <param name="Session">The way to its agent.</param>
internal sealed record LiveTunnel(string Slug, string ServerId, bool InPathMode, TunnelSession Session);
