using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tunnel.Agent;

namespace Tunnel.BenchApp.Soak;

/// <summary>
/// What became of the agent's links, for the soak to read at <c>/soak/links</c>: when the agent had one or had none, by the machine's
/// monotonic clock, which is the same for all processes; why it needed the next; and what memory it has reserved.
/// </summary>
internal sealed class LinkRecord : IDisposable
{
    private const int MostChanges = 100_000;

    private readonly Lock _gate = new(); // guards the fields below
    private readonly List<Change> _changes = [];
    private readonly SortedDictionary<string, long> _reconnects = [];
    private readonly MeterListener _meters = new();
    private long _reserved;

    public LinkRecord(ITunnelAgent agent)
    {
        agent.Changed += changed => Add(changed.State == TunnelAgentState.Connected);
        _meters.InstrumentPublished = static (instrument, meters) =>
        {
            if (instrument.Meter.Name == "Tunnel.Agent")
            {
                meters.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>(Measured);
        _meters.Start();
    }

    public sealed record Change(double Milliseconds, bool IsLinked);

    public sealed record Report(IReadOnlyList<Change> Changes, IReadOnlyDictionary<string, long> Reconnects, long Reserved);

    public Report Read()
    {
        _meters.RecordObservableInstruments();
        lock (_gate)
        {
            return new Report([.. _changes], new Dictionary<string, long>(_reconnects), _reserved);
        }
    }

    public void Dispose() => _meters.Dispose();

    private void Add(bool isLinked)
    {
        lock (_gate)
        {
            if (_changes.Count < MostChanges && (_changes.Count == 0 ? isLinked : _changes[^1].IsLinked != isLinked))
            {
                _changes.Add(new Change(Stopwatch.GetTimestamp() * 1000.0 / Stopwatch.Frequency, isLinked));
            }
        }
    }

    private void Measured(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        lock (_gate)
        {
            if (instrument.Name == "tunnel.agent.memory.reserved")
            {
                _reserved = value;
            }
            else if (instrument.Name == "tunnel.agent.reconnects" && tags is [{ Value: string reason }])
            {
                _reconnects[reason] = _reconnects.GetValueOrDefault(reason) + value;
            }
        }
    }
}
