using System.Diagnostics;

namespace Tunnel.Wire.Telemetry;

/// <summary>The trace that a request says it belongs to.</summary>
internal static class RemoteTrace
{
    /// <summary>Begins an activity with the request's trace as its parent; null where nobody takes it.</summary>
    /// <param name="source">Has listeners.</param>
    /// <param name="name">The activity's operation name.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="tags">Known from the start, so that a sampler sees them.</param>
    /// <param name="carrier">What <paramref name="read"/> reads headers from.</param>
    /// <param name="read">Reads a header; lines with the same name joined by commas.</param>
    public static Activity? Continue(
        ActivitySource source, string name, ActivityKind kind, in TagList tags, object carrier, DistributedContextPropagator.PropagatorGetterCallback read)
    {
        var propagator = DistributedContextPropagator.Current;
        propagator.ExtractTraceIdAndState(carrier, read, out var parent, out var state);
        ActivityContext.TryParse(parent, state, isRemote: true, out var context);
        var activity = source.StartActivity(name, kind, context, tags);
        if (activity is not null && propagator.ExtractBaggage(carrier, read) is { } baggage)
        {
            // In reverse, as hosting does it: an activity gives the newest first.
            foreach (var (key, value) in baggage.Reverse())
            {
                activity.AddBaggage(key, value);
            }
        }

        return activity;
    }
}
