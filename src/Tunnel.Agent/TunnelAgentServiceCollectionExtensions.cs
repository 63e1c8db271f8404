using Tunnel.Agent;
using Tunnel.Agent.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a tunnel agent to an app.</summary>
public static class TunnelAgentServiceCollectionExtensions
{
    /// <summary>
    /// Gives this app a public URL on the relay: requests that visitors send there run in this app's own pipeline. The configuration
    /// section <c>Tunnel:Agent</c> is applied after <paramref name="relay"/>, so a deployment can name another relay.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <param name="relay">The relay's address, for example <c>https://tunnel.example.com</c>.</param>
    /// <param name="configure">Further settings; they win over the configuration section.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTunnelAgent(
        this IServiceCollection services, string relay, Action<TunnelAgentOptions>? configure = null) =>
        services.AddTunnelAgent(new Uri(relay, UriKind.RelativeOrAbsolute), configure);

    /// <inheritdoc cref="AddTunnelAgent(IServiceCollection, string, Action{TunnelAgentOptions}?)"/>
    public static IServiceCollection AddTunnelAgent(
        this IServiceCollection services, Uri relay, Action<TunnelAgentOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(relay);
        return AgentServices.Add(services, relay, configure);
    }

    /// <summary>Adds a tunnel agent whose relay is named in the configuration section <c>Tunnel:Agent</c> or by <paramref name="configure"/>.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Settings; they win over the configuration section.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTunnelAgent(this IServiceCollection services, Action<TunnelAgentOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return AgentServices.Add(services, relay: null, configure);
    }
}
