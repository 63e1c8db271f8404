using Tunnel.Relay.Connect;
using Tunnel.Relay.Ingress;
using Tunnel.Wire;
using Tunnel.Wire.Flow;

namespace Tunnel.Relay.Health;

/// <summary>What a running relay says about itself.</summary>
internal sealed class RelayHealth(RelayDrain drain, SessionDirectory sessions, MemoryBudget budget, ParkingLot parking)
{
    private const double Little = 0.05;

    public bool IsStopping => drain.Stopping.IsCancellationRequested;

    /// <summary>What new requests or agents will soon be refused for, or are already; null while there is room.</summary>
    public string? Shortage =>
        budget.Limit - budget.Reserved < Math.Max(budget.Limit * Little, WireDefaults.CreditFloor)
            ? "The memory that tunnels may reserve is nearly used up; visitors get 503 where it is. Raise Tunnel:Relay:MemoryLimit, or find out who sends so much."
        : sessions.IsFull
            ? $"The relay has as many agents as it takes ({RelayDefaults.Sessions}); further ones are refused. Spread them over several relays."
        : null;

    public IReadOnlyDictionary<string, object> Facts => new Dictionary<string, object>
    {
        ["sessions"] = sessions.All.Count(),
        ["exchanges"] = sessions.All.Sum(session => session.Wire.OpenExchanges),
        ["parked"] = parking.Count,
        ["memory.reserved"] = budget.Reserved,
        ["memory.limit"] = budget.Limit,
    };
}
