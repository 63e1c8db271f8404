using System.Diagnostics.Metrics;
using Tunnel.Wire.Flow;

namespace Tunnel.Agent.Diagnostics;

/// <summary>The agent's instruments, in the meter <c>Tunnel.Agent</c>.</summary>
internal sealed class AgentMetrics
{
    public const string MeterName = "Tunnel.Agent";

    private readonly Counter<long> _reconnects;

    public AgentMetrics(IMeterFactory meters, MemoryBudget memory)
    {
        var meter = meters.Create(MeterName); // the factory owns it
        meter.CreateObservableUpDownCounter(
            "tunnel.agent.memory.reserved", () => memory.Reserved, "By", "Memory promised to relays, or kept for sending again.");
        meter.CreateObservableUpDownCounter(
            "tunnel.agent.memory.limit", () => memory.Limit, "By", "The most that may be reserved.");
        _reconnects = meter.CreateCounter<long>(
            "tunnel.agent.reconnects", "{reconnect}", "Times that a link or session ended and the agent set out for the next.");
    }

    public void Reconnecting(ReconnectReason reason) =>
        _reconnects.Add(1, new KeyValuePair<string, object?>("reason", reason switch
        {
            ReconnectReason.LinkLost => "link_lost",
            ReconnectReason.SessionClosed => "session_closed",
            ReconnectReason.SessionUnknown => "session_unknown",
            ReconnectReason.GraceOver => "grace_over",
            _ => "relay_leaving",
        }));
}
