using Tunnel.Relay;
using Tunnel.Relay.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a tunnel relay's services to an app; needed only to change something.</summary>
public static class TunnelRelayServiceCollectionExtensions
{
    /// <summary>
    /// Adds the relay's services, with settings from the configuration section <c>Tunnel:Relay</c>. <c>UseTunnelRelay</c> works without it;
    /// call it for the relay to use the app's services, and for its settings to be checked when the app starts.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <remarks>May be called more than once.</remarks>
    /// <example>
    /// <code language="csharp">
    /// builder.Services.AddTunnelRelay();
    /// var app = builder.Build();
    /// app.UseTunnelRelay();
    /// </code>
    /// </example>
    public static IServiceCollection AddTunnelRelay(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        ServerBlocks.Offer(services);
        return RelayServices.Compose(services);
    }

    /// <summary>
    /// Adds the relay's services, with settings from the configuration section <c>Tunnel:Relay</c> and from code. They are checked when the app
    /// starts; then an <see cref="Microsoft.Extensions.Options.OptionsValidationException"/> lists every error with its remedy.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Settings; they win over the configuration section.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <remarks>May be called more than once; a later call wins.</remarks>
    /// <example>
    /// <code language="csharp">
    /// builder.Services.AddTunnelRelay(o =&gt;
    /// {
    ///     o.PublicUrl = new Uri("https://hub.example.com");
    ///     o.AuthorizedKeys.Add("ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    /// });
    /// var app = builder.Build();
    /// app.UseTunnelRelay();
    /// </code>
    /// </example>
    public static IServiceCollection AddTunnelRelay(this IServiceCollection services, Action<TunnelRelayOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);

        // After the configuration section, so that code wins over it.
        return services.AddTunnelRelay().PostConfigure(configure);
    }
}
