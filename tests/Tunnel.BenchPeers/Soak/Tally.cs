using System.Diagnostics;

namespace Tunnel.BenchPeers.Soak;

/// <summary>What the visitors of one tunnel have done.</summary>
internal sealed class Tally
{
    private const int MostFailuresTold = 20;

    private readonly Lock _gate = new(); // guards the fields below
    private readonly Dictionary<string, Line> _lines = Visitor.Kinds.ToDictionary(kind => kind, _ => new Line());
    private readonly List<string> _failures = [];
    private readonly long _began = Stopwatch.GetTimestamp();

    public void Succeeded(string kind, long bytes, TimeSpan time)
    {
        lock (_gate)
        {
            var line = _lines[kind];
            line.Bytes += bytes;
            line.Times.Add(time.TotalMilliseconds);
        }
    }

    public void Failed(string mode, string kind, TimeSpan after, string reason)
    {
        lock (_gate)
        {
            _lines[kind].Failed++;
            if (_failures.Count < MostFailuresTold)
            {
                _failures.Add($"{DateTime.UtcNow:HH:mm:ss.fff} (at {Stopwatch.GetElapsedTime(_began).TotalSeconds:0.0} s, after {after.TotalSeconds:0.0} s) {mode}, {kind}: {reason}");
            }
        }
    }

    public (IReadOnlyList<KindResult> Kinds, IReadOnlyList<string> Failures) Read()
    {
        lock (_gate)
        {
            return ([.. _lines.Select(line => new KindResult(
                line.Key, line.Value.Times.Count, line.Value.Failed, line.Value.Bytes, Quantiles.Of(line.Value.Times)))], [.. _failures]);
        }
    }

    private sealed class Line
    {
        public List<double> Times { get; } = []; // milliseconds; one for each exchange that succeeded

        public int Failed { get; set; }

        public long Bytes { get; set; }
    }
}

/// <param name="Kind">One of <see cref="Visitor.Kinds"/>.</param>
/// <param name="Succeeded">Exchanges whose every byte was right.</param>
/// <param name="Failed">All others.</param>
/// <param name="Bytes">Of bodies, both directions.</param>
/// <param name="Milliseconds">How long those that succeeded took.</param>
internal sealed record KindResult(string Kind, int Succeeded, int Failed, long Bytes, Quantiles? Milliseconds);

internal sealed record Quantiles(double P50, double P99, double Max)
{
    /// <summary>Null of nothing.</summary>
    public static Quantiles? Of(IReadOnlyCollection<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? null : new Quantiles(At(0.5), At(0.99), sorted[^1]);

        double At(double quantile) => sorted[(int)((sorted.Length - 1) * quantile)];
    }
}
