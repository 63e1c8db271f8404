using Tunnel.Benchmarks.Session;

namespace Tunnel.Benchmarks.Allocations;

/// <summary>Says what an exchange allocates, by type.</summary>
internal static class ExchangeAllocations
{
    private const int WarmUp = 50_000;
    private const int Exchanges = 500_000;

    public static async Task PrintAsync()
    {
        foreach (var (body, atOnce) in new[] { (13, 1), (13, 64), (10 * 1024, 1) })
        {
            await PrintAsync(body, atOnce).ConfigureAwait(false);
        }
    }

    private static async Task PrintAsync(int body, int atOnce)
    {
        await using var pair = new ExchangePair(body);
        await RunAsync(pair, WarmUp, atOnce).ConfigureAwait(false);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await RunAsync(pair, Exchanges, atOnce).ConfigureAwait(false);
        var all = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Exchanges;

        // Sampled in a run of its own: events allocate too.
        using var samples = new AllocationSamples { Counts = true };
        await RunAsync(pair, Exchanges, atOnce).ConfigureAwait(false);
        samples.Counts = false;
        Console.WriteLine($"A body of {body} bytes, {atOnce} exchanges at once: {all:F0} bytes an exchange, of these");
        var sampled = samples.ByType.Sum(static entry => (double)entry.Bytes);
        foreach (var (type, bytes) in samples.ByType.Take(16))
        {
            Console.WriteLine($"  {all * bytes / sampled,6:F0}  {type}");
        }
    }

    private static Task RunAsync(ExchangePair pair, int count, int atOnce) =>
        Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < count / atOnce; i++)
            {
                await pair.ExchangeAsync().ConfigureAwait(false);
            }
        })));
}
