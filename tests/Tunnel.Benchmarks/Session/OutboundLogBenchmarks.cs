using BenchmarkDotNet.Attributes;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Resume;

namespace Tunnel.Benchmarks.Session;

/// <summary>A data frame into the log, out of it to the link, and acknowledged.</summary>
[MemoryDiagnoser]
public class OutboundLogBenchmarks
{
    private readonly OutboundLog _log = new(new MemoryBudget(1L << 30));
    private byte[] _payload = [];

    [Params(100, 16 * 1024)]
    public int Payload { get; set; }

    [GlobalSetup]
    public void Setup() => _payload = new byte[Payload];

    [Benchmark]
    public long AppendTakeAcknowledge()
    {
        _log.Append(new FrameHeader(FrameType.Data, FrameFlags.None, ExchangeId: 1, Payload), _payload);
        _log.TryTake(out var piece);
        piece.Segment.Release();
        _log.Acknowledge(piece.End);
        return piece.End;
    }
}
