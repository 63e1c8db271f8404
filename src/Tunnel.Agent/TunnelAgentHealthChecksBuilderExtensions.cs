using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tunnel.Agent;
using Tunnel.Agent.Health;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health of a tunnel agent to an app's health checks.</summary>
public static class TunnelAgentHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check of this app's tunnel: healthy while it is connected; degraded before that, and while the agent reconnects; unhealthy
    /// when the relay refuses the agent for a reason that a person has to do something about (its key, its slug, another relay, a second
    /// agent with the same key), and when the app stops.
    /// </summary>
    /// <param name="builder">What <c>AddHealthChecks()</c> returned.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="tags">The check's tags; by default <c>ready</c>: the agent reconnects by itself, and a restart helps with nothing.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHealthChecksBuilder AddTunnelAgent(
        this IHealthChecksBuilder builder, string name = "tunnel.agent", IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return builder.Add(new HealthCheckRegistration(
            name,
            static services => new TunnelAgentHealthCheck(services.GetService<ITunnelAgent>()),
            failureStatus: null,
            tags ?? ["ready"]));
    }
}
