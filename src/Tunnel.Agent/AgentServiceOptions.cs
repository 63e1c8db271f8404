namespace Tunnel.Agent;

/// <summary>A named app behind a tunnel, besides the default one, which has no name.</summary>
public sealed class AgentServiceOptions
{
    /// <inheritdoc cref="TunnelAgentOptions.ForwardTo"/>
    public Uri? ForwardTo { get; set; }

    /// <inheritdoc cref="TunnelAgentOptions.ForwardHost"/>
    public string? ForwardHost { get; set; }

    /// <inheritdoc cref="TunnelAgentOptions.ForwardCertificate"/>
    public string? ForwardCertificate { get; set; }
}
