using System.Diagnostics.Metrics;
using Tunnel.Relay.Connect;
using Tunnel.Relay.Ingress;
using Tunnel.Wire.Flow;

namespace Tunnel.Relay.Hosting;

/// <summary>The meter <c>Tunnel.Relay</c>. The values belong to the types that they are about; most are read when somebody looks.</summary>
internal sealed class RelayMetrics
{
    public const string MeterName = "Tunnel.Relay";

    private readonly Counter<long> _resumes;

    public RelayMetrics(IMeterFactory meters, MemoryBudget budget, SessionDirectory sessions, ParkingLot parking)
    {
        // The factory owns the meter and ends it with the app.
        var meter = meters.Create(MeterName);
        _resumes = meter.CreateCounter<long>("tunnel.relay.resumes", "{resume}", "Sessions that went on with a next link.");
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.memory.reserved", () => budget.Reserved, "By", "Memory that tunnels have promised to senders or keep for sending again.");
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.memory.limit", () => budget.Limit, "By", "The most memory that tunnels may reserve.");
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.sessions", () => CountSessions(sessions), "{session}", "Agents' sessions, with a link or between two.");
        meter.CreateObservableUpDownCounter(
            "tunnel.relay.requests.parked", () => parking.Count, "{request}", "Visitors' requests that wait for an agent.");
    }

    public void Resumed() => _resumes.Add(1);

    private static Measurement<int>[] CountSessions(SessionDirectory sessions)
    {
        int linked = 0, unlinked = 0;
        foreach (var session in sessions.All)
        {
            if (session.Wire.IsLinked)
            {
                linked++;
            }
            else
            {
                unlinked++;
            }
        }

        return [new(linked, KeyValuePair.Create<string, object?>("state", "linked")), new(unlinked, KeyValuePair.Create<string, object?>("state", "unlinked"))];
    }
}
