using System.Diagnostics;
using System.Net.Http.Json;
using Tunnel.Testing;

namespace Tunnel.BenchPeers.Soak;

/// <summary>The way of one agent to the relay, which is cut at random, exponentially distributed; and how long the agent then had no link.</summary>
internal sealed class CutLink(int relayPort, Uri agent, int seed, TimeSpan mean) : IAsyncDisposable
{
    private readonly CuttingProxy _proxy = CuttingProxy.Start(relayPort);
    private readonly List<double> _cutAt = []; // milliseconds of the monotonic clock
    private LinkReport? _before;

    public int Port => _proxy.Port;

    public int Cuts => _proxy.Cuts;

    /// <summary>Cuts until it is told to stop. Whatever is under way then is in the middle of something: a piece, a handshake, a registration.</summary>
    public async Task CutAsync(CancellationToken stopping)
    {
        var random = new Random(seed);
        _before = await ReadAsync();
        while (!stopping.IsCancellationRequested)
        {
            var wait = -Math.Log(1 - random.NextDouble()) * mean;
            await Task.Delay(wait, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stopping.IsCancellationRequested && _proxy.Connections > 0)
            {
                _cutAt.Add(Now());
                _proxy.CutAll();
            }
        }
    }

    /// <summary>After <see cref="CutAsync"/> has ended.</summary>
    public async Task<LinkResult> ReadResultAsync()
    {
        var report = await ReadAsync();
        var reconnects = report.Reconnects.ToDictionary(
            entry => entry.Key, entry => entry.Value - (_before?.Reconnects.GetValueOrDefault(entry.Key) ?? 0));
        return new LinkResult(Cuts, Quantiles.Of(Outages(report.Changes)), reconnects, report.Reserved);
    }

    public async Task<LinkReport> ReadAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };
        return (await client.GetFromJsonAsync<LinkReport>(new Uri(agent, "/soak/links")))!;
    }

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();

    /// <summary>From the cut that a loss came of to the next link.</summary>
    private List<double> Outages(IReadOnlyList<LinkChange> changes)
    {
        var outages = new List<double>();
        foreach (var (lost, linked) in changes.Zip(changes.Skip(1)))
        {
            var cut = _cutAt.LastOrDefault(at => at <= lost.Milliseconds);
            if (!lost.IsLinked && linked.IsLinked && cut > 0)
            {
                outages.Add(linked.Milliseconds - cut);
            }
        }

        return outages;
    }

    private static double Now() => Stopwatch.GetTimestamp() * 1000.0 / Stopwatch.Frequency;

    internal sealed record LinkChange(double Milliseconds, bool IsLinked);

    internal sealed record LinkReport(IReadOnlyList<LinkChange> Changes, IReadOnlyDictionary<string, long> Reconnects, long Reserved);
}

/// <param name="Cuts">Connections that were cut.</param>
/// <param name="OutageMilliseconds">From a cut to the resumed link.</param>
/// <param name="Reconnects">Why the agent needed another link or session; all but <c>link_lost</c> cost open requests.</param>
/// <param name="Reserved">Bytes that the agent has still reserved when all is quiet.</param>
internal sealed record LinkResult(int Cuts, Quantiles? OutageMilliseconds, IReadOnlyDictionary<string, long> Reconnects, long Reserved);
