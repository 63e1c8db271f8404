using Tunnel.Wire.Registration;

namespace Tunnel.Agent.Dialing;

/// <summary>What the agent asks the relay for: its tunnels and their services, in the order in which requests will number them.</summary>
internal sealed record TunnelWishes(string? Slug, IReadOnlyList<string>? Services, IReadOnlyList<TunnelWish>? Others)
{
    public static TunnelWishes Of(TunnelAgentOptions options) => new(
        options.Slug,
        Names(options.Services),
        options.Tunnels.Count > 0
            ? [.. options.Tunnels.Select(static tunnel => new TunnelWish(tunnel.Slug, Names(tunnel.Services)))]
            : null);

    private static List<string>? Names(IDictionary<string, AgentServiceOptions> services) =>
        services.Count > 0 ? [.. services.Keys.Select(static name => name.ToLowerInvariant())] : null;
}
