using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Telemetry;

/// <summary>What one host measures with the meters of hub and agent; other hosts in the process have factories of their own.</summary>
internal sealed class MeterRecorder : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly List<(string Instrument, string Tags, double Value)> _measured = [];
    private readonly SemaphoreSlim _oneMore = new(0);

    public MeterRecorder(IServiceProvider host)
    {
        var factory = host.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Tunnel.", StringComparison.Ordinal) && ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Waits for the next measurement of an instrument, and takes all of it that are there: tags and value.</summary>
    public async Task<string[]> TakeAsync(string instrument, int count = 1)
    {
        while (true)
        {
            lock (_gate)
            {
                var found = _measured.Where(measured => measured.Instrument == instrument).ToArray();
                if (found.Length >= count)
                {
                    _measured.RemoveAll(measured => measured.Instrument == instrument);
                    return [.. found.Select(measured => Show(measured.Instrument, measured.Tags, measured.Value)).Order(StringComparer.Ordinal)];
                }
            }

            Assert.True(await _oneMore.WaitAsync(Bounded.Most, TestContext.Current.CancellationToken), $"{instrument} was not measured.");
        }
    }

    /// <summary>What an instrument shows to who looks now.</summary>
    public async Task<string[]> LookAsync(string instrument)
    {
        lock (_gate)
        {
            _measured.RemoveAll(measured => measured.Instrument == instrument);
        }

        _listener.RecordObservableInstruments();
        return await TakeAsync(instrument);
    }

    public void Dispose() => _listener.Dispose();

    private static string Show(string instrument, string tags, double value) => instrument.EndsWith(".duration", StringComparison.Ordinal)
        ? tags
        : string.Create(CultureInfo.InvariantCulture, $"{tags} {value}").Trim();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var all = tags.ToArray();
        lock (_gate)
        {
            _measured.Add((instrument.Name, string.Join(' ', all.Select(tag => $"{tag.Key}={tag.Value}")), value));
            Keys.UnionWith(all.Select(tag => (instrument.Name, tag.Key)));
        }

        _oneMore.Release();
    }

    /// <summary>Every tag that was seen, with its instrument.</summary>
    public HashSet<(string Instrument, string Tag)> Keys { get; } = [];
}
