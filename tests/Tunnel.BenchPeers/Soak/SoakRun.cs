using System.Net;
using System.Text.Json;

namespace Tunnel.BenchPeers.Soak;

/// <summary>
/// Visitors of all kinds at once on tunnels whose links are cut all the time. Says on its first line which port each agent has to dial,
/// <c>started</c> when all tunnels are up, <c>quiet</c> when the last visitor has left, and at the end what came of it.
/// </summary>
internal sealed class SoakRun(Arguments arguments)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PerExchange = TimeSpan.FromSeconds(90);

    /// <summary>Longer than the period in which idle sessions give memory back.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(8);

    public sealed record ModeResult(string Mode, IReadOnlyList<KindResult> Kinds, LinkResult Link, IReadOnlyList<string> Failures);

    public async Task<IReadOnlyList<ModeResult>> RunAsync()
    {
        var relay = new Uri(arguments["relay"]);
        var seed = (int)arguments.Number("seed", 1);
        var mean = TimeSpan.FromMilliseconds(arguments.Number("cut-ms", 400));

        // mode=agent's own address, separated by commas
        var agents = arguments["agents"].Split(',').Select(pair => pair.Split('=', 2)).ToList();
        var links = agents.Select((agent, index) => new CutLink(relay.Port, new Uri(agent[1]), unchecked((seed * 31) + index), mean)).ToList();
        Say(JsonSerializer.Serialize(links.Select(link => link.Port)));
        var modes = agents.Select(agent => agent[0]).ToList();
        foreach (var mode in modes)
        {
            await WhenUpAsync(new Uri(relay, $"/t/{mode}/hello"));
        }

        Say("started");
        var tallies = modes.Select(_ => new Tally()).ToList();
        await LoadAsync(relay, seed, modes, links, tallies);
        Say("quiet");
        await Task.Delay(Quiet);

        var results = new List<ModeResult>();
        for (var i = 0; i < modes.Count; i++)
        {
            var (kinds, failures) = tallies[i].Read();
            results.Add(new ModeResult(modes[i], kinds, await links[i].ReadResultAsync(), failures));
        }

        return results;
    }

    private async Task LoadAsync(Uri relay, int seed, List<string> modes, List<CutLink> links, List<Tally> tallies)
    {
        using var ends = new CancellationTokenSource(TimeSpan.FromSeconds(arguments.Number("seconds", 60)));
        using var calm = new CancellationTokenSource();
        var cutting = links.Select(link => link.CutAsync(calm.Token)).ToList();
        var visiting = Enumerable.Range(0, (int)arguments.Number("visitors", 12)).Select(number =>
        {
            var (mode, kind) = (number % modes.Count, number / modes.Count % Visitor.Kinds.Length);
            var visitor = new Visitor(relay, modes[mode], Visitor.Kinds[kind], unchecked((seed * 7919) + number), PerExchange, tallies[mode]);
            return visitor.RunAsync(ends.Token);
        });
        await Task.WhenAll(visiting); // under cuts to the end
        await calm.CancelAsync();
        await Task.WhenAll(cutting);
    }

    private static async Task WhenUpAsync(Uri url)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
        using var limit = new CancellationTokenSource(StartLimit);
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(url, limit.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException && !limit.IsCancellationRequested)
            {
                // Not yet.
            }

            try
            {
                await Task.Delay(100, limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new IOException($"{url} did not answer within {StartLimit.TotalSeconds:0} s.");
            }
        }
    }

    private static void Say(string line)
    {
        Console.WriteLine(line);
        Console.Out.Flush();
    }
}
