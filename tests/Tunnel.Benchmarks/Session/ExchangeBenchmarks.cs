using BenchmarkDotNet.Attributes;

namespace Tunnel.Benchmarks.Session;

/// <summary>A whole exchange over both sessions, with nothing before or behind them: heads both ways and a response's body.</summary>
[MemoryDiagnoser]
public class ExchangeBenchmarks
{
    private ExchangePair? _pair;

    [Params(13, 10 * 1024)]
    public int Body { get; set; }

    [GlobalSetup]
    public void Setup() => _pair = new ExchangePair(Body);

    [Benchmark]
    public async Task<long> Exchange() => await _pair!.ExchangeAsync().ConfigureAwait(false);

    [GlobalCleanup]
    public async Task Cleanup() => await _pair!.DisposeAsync().ConfigureAwait(false);
}
