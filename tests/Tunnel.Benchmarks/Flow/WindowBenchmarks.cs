using BenchmarkDotNet.Attributes;
using Tunnel.Wire;
using Tunnel.Wire.Flow;

namespace Tunnel.Benchmarks.Flow;

/// <summary>One full data frame through a window that has grown, on both sides.</summary>
[MemoryDiagnoser]
public class WindowBenchmarks
{
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(50);
    private ReceiveWindow _window;
    private SendCredit _credit;

    [GlobalSetup]
    public void Setup()
    {
        var pool = new CreditPool(new MemoryBudget(1L << 30));
        pool.TryReserveFloor();
        _window = new ReceiveWindow(pool, TimeProvider.System, withheld: false);
        _credit = new SendCredit(WireDefaults.CreditFloor);
    }

    [Benchmark]
    public long ReceiveConsumeAndGrant()
    {
        var count = (int)Math.Min(WireDefaults.MaxDataPayload, _credit.Available);
        if (count == 0)
        {
            throw new InvalidOperationException("The window gives no credit any more.");
        }

        _credit.Sent(count);
        _window.Received(count);
        var limit = _window.Consumed(count, RoundTrip);
        if (limit != 0)
        {
            _credit.Raise(limit);
        }

        return limit;
    }
}
