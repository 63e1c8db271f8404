using Tunnel.Agent;
using Tunnel.Agent.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a tunnel agent to an app.</summary>
/// <remarks>
/// Settings are checked when the app starts; then an <see cref="Microsoft.Extensions.Options.OptionsValidationException"/> lists every error
/// with its remedy. A relay that cannot be reached is no error: the agent goes on trying, and <see cref="ITunnelAgent"/> says how it goes.
/// </remarks>
public static class TunnelAgentServiceCollectionExtensions
{
    /// <summary>Adds a tunnel agent whose relay is named in the configuration section <c>Tunnel:Agent</c>.</summary>
    /// <param name="services">The app's services.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <remarks>May be called more than once; an app has one agent.</remarks>
    /// <example>
    /// With <c>"Tunnel": { "Agent": { "Relay": "https://hub.example.com", "Slug": "demo" } }</c> in <c>appsettings.json</c>:
    /// <code language="csharp">
    /// builder.Services.AddTunnelAgent();
    /// </code>
    /// </example>
    public static IServiceCollection AddTunnelAgent(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return AgentServices.Add(services, relay: null, configure: null);
    }

    /// <summary>Adds a tunnel agent whose relay is named in the configuration section <c>Tunnel:Agent</c> or by <paramref name="configure"/>.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Settings; they win over the configuration section.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <remarks>May be called more than once; an app has one agent, and a later call wins.</remarks>
    public static IServiceCollection AddTunnelAgent(this IServiceCollection services, Action<TunnelAgentOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        return AgentServices.Add(services, relay: null, configure);
    }

    /// <summary>
    /// Gives this app a public URL on the relay: requests that visitors send there run in this app's own pipeline. The configuration
    /// section <c>Tunnel:Agent</c> is applied after <paramref name="relay"/>, so a deployment can name another relay.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <param name="relay">The relay's address, for example <c>https://tunnel.example.com</c>.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <remarks>May be called more than once; an app has one agent, and a later call wins.</remarks>
    /// <example>
    /// <code language="csharp">
    /// builder.Services.AddTunnelAgent("https://hub.example.com");
    /// </code>
    /// </example>
    public static IServiceCollection AddTunnelAgent(this IServiceCollection services, string relay) =>
        services.AddTunnelAgent(Address(relay));

    /// <param name="services">The app's services.</param>
    /// <param name="relay">The relay's address, for example <c>https://tunnel.example.com</c>.</param>
    /// <param name="configure">Further settings; they win over the configuration section.</param>
    /// <inheritdoc cref="AddTunnelAgent(IServiceCollection, string)"/>
    /// <example>
    /// <code language="csharp">
    /// builder.Services.AddTunnelAgent("https://hub.example.com", o =&gt; o.Slug = "demo");
    /// </code>
    /// With <see cref="TunnelAgentOptions.ForwardTo"/> the tunnel leads to another local server, in any language:
    /// <code language="csharp">
    /// builder.Services.AddTunnelAgent("https://hub.example.com", o =&gt; o.ForwardTo = new Uri("http://localhost:3000"));
    /// </code>
    /// </example>
    public static IServiceCollection AddTunnelAgent(this IServiceCollection services, string relay, Action<TunnelAgentOptions> configure) =>
        services.AddTunnelAgent(Address(relay), configure);

    /// <inheritdoc cref="AddTunnelAgent(IServiceCollection, string)"/>
    public static IServiceCollection AddTunnelAgent(this IServiceCollection services, Uri relay)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(relay);
        return AgentServices.Add(services, relay, configure: null);
    }

    /// <inheritdoc cref="AddTunnelAgent(IServiceCollection, string, Action{TunnelAgentOptions})"/>
    public static IServiceCollection AddTunnelAgent(this IServiceCollection services, Uri relay, Action<TunnelAgentOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(relay);
        ArgumentNullException.ThrowIfNull(configure);
        return AgentServices.Add(services, relay, configure);
    }

    /// <summary>What is no address stays for the validation to refuse, with its remedy.</summary>
    private static Uri Address(string relay)
    {
        ArgumentNullException.ThrowIfNull(relay); // Uri would name its own parameter
        return new Uri(relay, UriKind.RelativeOrAbsolute);
    }
}
