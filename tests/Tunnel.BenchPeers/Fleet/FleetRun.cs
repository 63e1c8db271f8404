using System.Text.Json;

namespace Tunnel.BenchPeers.Fleet;

/// <summary>
/// Thousands of agents in one process. Whenever something has changed, at most four times a second, a line of JSON says what there is: the
/// time, how many are connected, and how many times they have dialled.
/// </summary>
internal sealed class FleetRun(Arguments arguments)
{
    private const int AtOnce = 64; // connecting at the same time in the beginning; after that the agents decide
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly DialCounts _dials = new();

    public sealed record Snapshot(
        long At, int Connected, long Attempts, long Unanswered, long Refused, int FallenBack, string? Failure);

    public async Task RunAsync()
    {
        var shared = new FleetShared(new Uri(arguments["relay"]), arguments["credentials"]);
        var agents = Enumerable.Range(0, (int)arguments.Number("agents", 100))
            .Select(index => new FleetAgent(shared, Slug(index)))
            .ToArray();
        var telling = TellAsync(agents);
        await Parallel.ForEachAsync(agents, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, static async (agent, cancellationToken) =>
        {
            await Task.Yield();
            _ = agent.RunAsync().ContinueWith(
                static run => Environment.FailFast("An agent ended.", run.Exception), TaskScheduler.Default);
            await agent.WhenConnectedAsync(cancellationToken);
        });
        await telling; // for ever; whoever started this ends it
    }

    /// <summary>The slug of an agent of any fleet, by its number.</summary>
    public static string Slug(int index) => $"fleet-{index:D5}";

    private async Task TellAsync(FleetAgent[] agents)
    {
        var last = default(Snapshot);
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync())
        {
            var next = Take(agents);
            if (next with { At = 0 } != last)
            {
                Console.WriteLine(JsonSerializer.Serialize(next, JsonSerializerOptions.Web));
                last = next with { At = 0 };
            }
        }
    }

    private Snapshot Take(FleetAgent[] agents)
    {
        var connected = agents.Count(static agent => agent.IsConnected);
        return new Snapshot(
            DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            connected,
            _dials.Attempts,
            _dials.Unanswered,
            _dials.Refused,
            agents.Count(static agent => agent.HasFallenBack),
            agents.FirstOrDefault(static agent => !agent.IsConnected && agent.Failure is not null)?.Failure);
    }
}
