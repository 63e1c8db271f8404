namespace Tunnel.Agent;

/// <summary>A further tunnel of an agent: another public name, over the same connection.</summary>
public sealed class AgentTunnelOptions
{
    /// <inheritdoc cref="TunnelAgentOptions.Slug"/>
    public string? Slug { get; set; }

    /// <inheritdoc cref="TunnelAgentOptions.ForwardTo"/>
    public Uri? ForwardTo { get; set; }

    /// <inheritdoc cref="TunnelAgentOptions.ForwardHost"/>
    public string? ForwardHost { get; set; }

    /// <inheritdoc cref="TunnelAgentOptions.ForwardCertificate"/>
    public string? ForwardCertificate { get; set; }

    /// <inheritdoc cref="TunnelAgentOptions.Services"/>
    public IDictionary<string, AgentServiceOptions> Services { get; } =
        new Dictionary<string, AgentServiceOptions>(StringComparer.OrdinalIgnoreCase);
}
