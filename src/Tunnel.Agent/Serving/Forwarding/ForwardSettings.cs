namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>What the options of a tunnel or service say about its target.</summary>
/// <param name="To">The target's address; <see langword="null"/> where this app's own pipeline serves.</param>
/// <param name="Host">See <see cref="HostRule"/>.</param>
/// <param name="Certificate">See <see cref="CertificateRule"/>.</param>
internal readonly record struct ForwardSettings(Uri? To, string? Host, string? Certificate)
{
    public static ForwardSettings Of(TunnelAgentOptions options) => new(options.ForwardTo, options.ForwardHost, options.ForwardCertificate);

    public static ForwardSettings Of(AgentTunnelOptions options) => new(options.ForwardTo, options.ForwardHost, options.ForwardCertificate);

    public static ForwardSettings Of(AgentServiceOptions options) => new(options.ForwardTo, options.ForwardHost, options.ForwardCertificate);
}
