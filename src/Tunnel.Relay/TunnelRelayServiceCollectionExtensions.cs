using Tunnel.Relay;
using Tunnel.Relay.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a tunnel relay's services to an app; needed only to change something.</summary>
public static class TunnelRelayServiceCollectionExtensions
{
    /// <summary>Adds the relay's services, with settings from the configuration section <c>Tunnel:Relay</c>.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Settings; they win over the configuration section.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddTunnelRelay(this IServiceCollection services, Action<TunnelRelayOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        RelayServices.Compose(services);
        if (configure is not null)
        {
            // After the configuration section, so that code wins over it.
            services.PostConfigure(configure);
        }

        return services;
    }
}
