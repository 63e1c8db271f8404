using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tunnel.Relay.Health;

/// <summary>Healthy while the relay takes visitors and agents.</summary>
internal sealed class TunnelRelayHealthCheck(RunningRelay relay) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Check(context.Registration.FailureStatus));

    private HealthCheckResult Check(HealthStatus failure)
    {
        if (relay.Health is not { } health)
        {
            return new HealthCheckResult(failure, "This app has no tunnel relay. Call app.UseTunnelRelay(), or leave out AddTunnelRelay() behind AddHealthChecks().");
        }

        return health.IsStopping ? new HealthCheckResult(failure, "The relay is shutting down.", data: health.Facts)
            : health.Shortage is { } shortage ? HealthCheckResult.Degraded(shortage, data: health.Facts)
            : HealthCheckResult.Healthy("The relay takes visitors and agents.", health.Facts);
    }
}
