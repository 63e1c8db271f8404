using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tunnel.Agent.Health;

/// <summary>Healthy while visitors reach the app.</summary>
internal sealed class TunnelAgentHealthCheck(ITunnelAgent? agent) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Check(context.Registration.FailureStatus));

    private HealthCheckResult Check(HealthStatus failure)
    {
        if (agent is null)
        {
            return new HealthCheckResult(failure, "This app has no tunnel agent. Call services.AddTunnelAgent(), or leave out AddTunnelAgent() behind AddHealthChecks().");
        }

        var state = agent.State;
        var last = agent.LastFailure;
        var facts = new Dictionary<string, object> { ["state"] = state.ToString() };
        if (agent.PublicUrl is { } url)
        {
            facts["url"] = url.ToString();
        }

        if (last is not null)
        {
            facts["failure"] = last.Reason.ToString();
        }

        return state switch
        {
            TunnelAgentState.Connected => HealthCheckResult.Healthy("Visitors reach this app through the tunnel.", facts),
            TunnelAgentState.Draining or TunnelAgentState.Stopped => new HealthCheckResult(failure, "The tunnel is shut down with the app.", data: facts),
            _ when last is not null && NeedsSomebody(last.Reason) => new HealthCheckResult(failure, last.Message, data: facts),
            _ => HealthCheckResult.Degraded(last?.Message ?? "The tunnel is not connected yet.", data: facts),
        };
    }

    /// <summary>Whether the agent tries in vain until a person changes something: at it, at the relay, or at the agent beside it.</summary>
    private static bool NeedsSomebody(TunnelFailureReason reason) => reason
        is TunnelFailureReason.NotARelay or TunnelFailureReason.KeyRefused or TunnelFailureReason.SlugTaken
        or TunnelFailureReason.SlugRefused or TunnelFailureReason.RelayKeyMismatch or TunnelFailureReason.DuplicateInstance;
}
