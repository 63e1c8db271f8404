using BenchmarkDotNet.Attributes;
using Tunnel.Wire.Flow;

namespace Tunnel.Benchmarks.Flow;

/// <summary>One turn of an exchange among 64 that all have something to send for ever.</summary>
[MemoryDiagnoser]
public class SchedulerBenchmarks
{
    private const int Streams = 64;
    private static readonly byte[] Body = new byte[16 * 1024];
    private readonly Scheduler _scheduler = new();

    [GlobalSetup]
    public void Setup()
    {
        for (uint id = 1; id <= Streams; id++)
        {
            var stream = new OutboundStream(id, new Nobody());
            stream.KeepData(Body, end: false);
            _scheduler.Enqueue(stream);
        }
    }

    [Benchmark]
    public bool Turn()
    {
        if (!_scheduler.TryPeek(out var stream))
        {
            return false;
        }

        stream.DataTaken(Body.Length);
        stream.KeepData(Body, end: false);
        _scheduler.Advance();
        return true;
    }

    private sealed class Nobody : IRoomHandler
    {
        public void OnRoom()
        {
        }
    }
}
