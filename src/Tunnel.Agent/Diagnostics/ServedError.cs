using Tunnel.Agent.Serving;

namespace Tunnel.Agent.Diagnostics;

/// <summary>What <c>error.type</c> says about an exchange at the agent.</summary>
internal static class ServedError
{
    /// <summary>Null where nothing went wrong. That a visitor leaves within an answer is how event streams end.</summary>
    public static string? Of(ServedExchange served) => served.Outcome switch
    {
        TunnelRequestOutcome.Failed => "failed",
        TunnelRequestOutcome.TargetUnreachable => "target_unreachable",
        TunnelRequestOutcome.Aborted when served.StatusCode == 0 => "aborted",
        _ when served.StatusCode == 0 => "failed", // it ended without an answer, whatever it thinks of that
        _ => null,
    };
}
