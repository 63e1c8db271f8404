using System.Diagnostics;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Telemetry;

/// <summary>
/// The activities of one trace that a visitor brings along. Listeners hear of every host in the process, so this one takes no other
/// trace: to everybody else it is as if nobody traced.
/// </summary>
internal sealed class TraceRecorder : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly Lock _gate = new();
    private readonly List<Activity> _ended = [];
    private readonly SemaphoreSlim _oneMore = new(0);

    public TraceRecorder(bool takes = true)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Tunnel.Relay" or "Tunnel.Agent" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                takes && options.Parent.TraceId == Id ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = Ended,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public ActivityTraceId Id { get; } = ActivityTraceId.CreateRandom();

    /// <summary>The visitor's own span.</summary>
    public ActivitySpanId Visitor { get; } = ActivitySpanId.CreateRandom();

    public string TraceParent => $"00-{Id}-{Visitor}-01";

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _ended.Count;
            }
        }
    }

    /// <summary>Waits until so many have ended; outermost first, each followed by its child.</summary>
    public async Task<Activity[]> TakeAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.True(await _oneMore.WaitAsync(Bounded.Most, TestContext.Current.CancellationToken), $"Of {count} activities {i} have ended.");
        }

        lock (_gate)
        {
            var chain = new List<Activity>();
            var parent = Visitor;
            while (_ended.Find(activity => activity.ParentSpanId == parent) is { } next)
            {
                chain.Add(next);
                parent = next.SpanId;
            }

            Assert.Equal(_ended.Count, chain.Count);
            return [.. chain];
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Ended(Activity activity)
    {
        if (activity.TraceId == Id && activity.Recorded)
        {
            lock (_gate)
            {
                _ended.Add(activity);
            }

            _oneMore.Release();
        }
    }
}
