using System.Diagnostics;

namespace Tunnel.BenchPeers;

/// <summary>Small requests one after another on one connection.</summary>
internal static class SmallRequests
{
    public sealed record Result(int Requests, double P50Milliseconds, double P99Milliseconds);

    public static Result Measure(Uri url, TimeSpan duration)
    {
        using var connection = new RawHttp(url);
        var request = RawHttp.Head("GET", url);
        var body = new byte[64 * 1024];
        var times = new List<double>(1 << 20);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration;)
        {
            var start = Stopwatch.GetTimestamp();
            connection.Send(request);
            connection.ReceiveExactly(body.AsSpan(0, (int)connection.ReceiveHead()));
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        return new Result(times.Count, At(times, 0.5), At(times, 0.99));
    }

    private static double At(List<double> sorted, double quantile) => sorted[(int)((sorted.Count - 1) * quantile)];
}
