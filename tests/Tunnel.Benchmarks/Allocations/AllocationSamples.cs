using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace Tunnel.Benchmarks.Allocations;

/// <summary>What is allocated, by type: the runtime names the type that is being allocated about every 100 kB.</summary>
internal sealed class AllocationSamples : EventListener
{
    private const EventKeywords Gc = (EventKeywords)0x1;
    private const int AllocationTick = 10;
    private readonly ConcurrentDictionary<string, long> _bytes = new();
    private volatile bool _counts;

    public bool Counts
    {
        get => _counts;
        set => _counts = value;
    }

    /// <summary>Types and the bytes that stand for them, most first.</summary>
    public IReadOnlyList<(string Type, long Bytes)> ByType =>
        [.. _bytes.Select(static entry => (entry.Key, entry.Value)).OrderByDescending(static entry => entry.Value)];

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Verbose, Gc);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Fields by their place (GCAllocationTick_V4): asking for their names would itself allocate much.
        if (Counts && eventData.EventId == AllocationTick && eventData.Payload is [_, _, _, ulong bytes, _, string type, ..])
        {
            _bytes.AddOrUpdate(type, static (_, bytes) => bytes, static (_, sum, bytes) => sum + bytes, (long)bytes);
        }
    }
}
