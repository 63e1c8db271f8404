using System.Diagnostics;
using System.Globalization;

namespace Tunnel.BenchPeers.Fleet;

/// <summary>
/// Visitors of some tunnels of a fleet, at a steady rate whatever the answers are, until this is ended. Each request becomes a line of a
/// file: when it began (milliseconds since 1970), how long it took, and its status, or 0 when there was none.
/// </summary>
internal sealed class LiveTraffic(Uri relay, int tunnels, int perSecond, string file)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new(); // guards the writer
    private readonly StreamWriter _writer = new(file) { AutoFlush = true };
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = Patience };

    public async Task RunAsync()
    {
        var clock = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (long sent = 0; await timer.WaitForNextTickAsync();)
        {
            for (; sent < clock.Elapsed.TotalSeconds * perSecond; sent++)
            {
                _ = VisitAsync(FleetRun.Slug((int)(sent % tunnels)));
            }
        }
    }

    private async Task VisitAsync(string slug)
    {
        var began = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var start = Stopwatch.GetTimestamp();
        var status = 0;
        try
        {
            using var response = await _client.GetAsync(new Uri(relay, $"/t/{slug}/hello"));
            await response.Content.ReadAsByteArrayAsync();
            status = (int)response.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // The line says so.
        }

        var took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        lock (_gate)
        {
            _writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{began} {took:F3} {status}"));
        }
    }
}
