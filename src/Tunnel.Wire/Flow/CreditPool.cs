namespace Tunnel.Wire.Flow;

/// <summary>
/// What one session may promise to its peer: each direction's floor, and above the floors a pool that windows grow from. Everything is
/// reserved from the process's budget as well. Safe for concurrent use.
/// </summary>
internal sealed class CreditPool(MemoryBudget budget)
{
    private long _grown;

    /// <summary>A direction that cannot have its floor is not to be opened.</summary>
    public bool TryReserveFloor() => budget.TryReserve(WireDefaults.CreditFloor);

    public void ReleaseFloor() => budget.Release(WireDefaults.CreditFloor);

    /// <summary>
    /// Heads have no credit, so unread ones are reserved when they arrive; but only above what every exchange may have, or responses that
    /// are on their way could not be taken once the budget is used up.
    /// </summary>
    public bool TryReserveHeads(long before, long after) => Excess(after) is var excess && (excess == 0 || budget.TryReserve(excess - Excess(before)));

    public void ReleaseHeads(long before, long after) => budget.Release(Excess(before) - Excess(after));

    /// <summary>
    /// Reserves growth of one window: at most half of what is left, so that the windows of readers that stand still never take the last of
    /// it from those that read.
    /// </summary>
    /// <returns>How much, perhaps 0.</returns>
    public long Grow(long wanted)
    {
        while (true)
        {
            var grown = Volatile.Read(ref _grown);
            var growth = Math.Min(wanted, (WireDefaults.SessionPool - grown) / 2);
            if (growth < WireDefaults.CreditFloor)
            {
                return 0;
            }

            if (Interlocked.CompareExchange(ref _grown, grown + growth, grown) != grown)
            {
                continue; // somebody else took of it, and half of what was left is no more
            }

            if (budget.TryReserve(growth))
            {
                return growth;
            }

            Interlocked.Add(ref _grown, -growth);
            return 0;
        }
    }

    public void Release(long growth)
    {
        if (growth > 0)
        {
            Interlocked.Add(ref _grown, -growth);
            budget.Release(growth);
        }
    }

    private static long Excess(long unread) => Math.Max(unread - WireDefaults.CreditFloor, 0);
}
