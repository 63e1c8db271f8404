using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>What one host's own instrumentation says about its requests: metric, activity and request log.</summary>
internal sealed class RequestRecorder : IDisposable, ILoggerProvider, ILogger
{
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;
    private readonly Lock _gate = new();
    private readonly List<string> _entries = [];
    private readonly SemaphoreSlim _ended = new(0);

    // Whose entries are kept. Both listeners hear of every host in the process, also when this one has ended, and must not fail those.
    private IMeterFactory? _hostMeters;
    private ActivitySource? _hostActivities;

    public RequestRecorder()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "http.server.request.duration")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
        {
            if (_hostMeters is { } meters && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                Add("metric", tags.ToArray());
            }
        });
        _meters.Start();
        _activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (_hostActivities is { } activities && ReferenceEquals(activity.Source, activities))
                {
                    Add($"activity {activity.OperationName} {activity.DisplayName} {activity.Kind} {activity.Status} parent {activity.ParentId}",
                        [.. activity.TagObjects]);
                    _ended.Release();
                }
            },
        };
        ActivitySource.AddActivityListener(_activities);
    }

    public void Watch(IServiceProvider host)
    {
        _hostMeters = host.GetRequiredService<IMeterFactory>();
        _hostActivities = host.GetRequiredService<ActivitySource>();
    }

    /// <summary>The entries of the one request that has ended or is about to, sorted.</summary>
    public async Task<string[]> TakeAsync()
    {
        // Hosting ends the activity last, after the metric and the log.
        Assert.True(await _ended.WaitAsync(Bounded.Most, TestContext.Current.CancellationToken));
        lock (_gate)
        {
            string[] taken = [.. _entries.Order(StringComparer.Ordinal)];
            _entries.Clear();
            return taken;
        }
    }

    public ILogger CreateLogger(string categoryName) =>
        categoryName == "Microsoft.AspNetCore.Hosting.Diagnostics" ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (_hostMeters is not null)
        {
            Add($"log {logLevel} {eventId}", state as IEnumerable<KeyValuePair<string, object?>> ?? []);
        }
    }

    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    private void Add(string kind, IEnumerable<KeyValuePair<string, object?>> tags)
    {
        lock (_gate)
        {
            _entries.Add($"{kind}: {string.Join(", ", tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={Show(tag)}"))}");
        }
    }

    /// <summary>Values that are another's at every request.</summary>
    private static object? Show(KeyValuePair<string, object?> tag) => tag.Key switch
    {
        "ElapsedMilliseconds" => "time",
        _ => tag.Value,
    };
}
