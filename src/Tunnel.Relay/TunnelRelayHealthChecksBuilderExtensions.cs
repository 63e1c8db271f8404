using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tunnel.Relay.Health;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health of a tunnel relay to an app's health checks.</summary>
public static class TunnelRelayHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check of this app's relay: healthy while it takes visitors and agents; degraded while less than a twentieth of its memory
    /// limit is left, or it has as many agents as it takes; unhealthy from the moment in which the app begins to stop, so that a load
    /// balancer sends visitors elsewhere while open requests finish. Works with or without <c>services.AddTunnelRelay</c>.
    /// </summary>
    /// <param name="builder">What <c>AddHealthChecks()</c> returned.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="tags">The check's tags; by default <c>ready</c>: a relay that stops needs no restart.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHealthChecksBuilder AddTunnelRelay(
        this IHealthChecksBuilder builder, string name = "tunnel.relay", IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        builder.Services.TryAddSingleton<RunningRelay>();
        return builder.Add(new HealthCheckRegistration(
            name,
            static services => new TunnelRelayHealthCheck(services.GetRequiredService<RunningRelay>()),
            failureStatus: null,
            tags ?? ["ready"]));
    }
}
