namespace Tunnel.Wire.Flow;

/// <summary>
/// The memory that all sessions of this process may promise to their peers or keep for resending. Reserved when it is promised and never
/// when data arrives, so that nothing which frees memory ever has to ask for some. Safe for concurrent use.
/// </summary>
internal sealed class MemoryBudget(long limit)
{
    private long _reserved;

    /// <summary>In bytes.</summary>
    public long Limit { get; } = limit;

    /// <summary>In bytes; never above <see cref="Limit"/>.</summary>
    public long Reserved => Volatile.Read(ref _reserved);

    /// <summary>A quarter of what this process may use, as its container or machine says; 64 MiB at least.</summary>
    public static MemoryBudget ForThisProcess(long? configured) =>
        new(configured ?? Math.Max(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 64L * 1024 * 1024));

    public bool TryReserve(long count)
    {
        while (true)
        {
            // Not added and taken back: a large wish that fails must not make a small one fail beside it.
            var reserved = Volatile.Read(ref _reserved);
            if (count > Limit - reserved)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _reserved, reserved + count, reserved) == reserved)
            {
                return true;
            }
        }
    }

    public void Release(long count) => Interlocked.Add(ref _reserved, -count);
}
