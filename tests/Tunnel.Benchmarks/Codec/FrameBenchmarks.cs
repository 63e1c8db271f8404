using BenchmarkDotNet.Attributes;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;

namespace Tunnel.Benchmarks.Codec;

/// <summary>The header of a full data frame.</summary>
[MemoryDiagnoser]
public class FrameBenchmarks
{
    private FrameHeader _header = new(FrameType.Data, FrameFlags.End, ExchangeId: 12_345, PayloadLength: 16_384); // no constant
    private readonly byte[] _buffer = new byte[FrameHeader.MaxSize];

    [GlobalSetup]
    public void Setup()
    {
        _header = _header with { ExchangeId = 54_321 };
        FrameCodec.Write(_buffer, _header);
    }

    [Benchmark]
    public int Write() => FrameCodec.Write(_buffer, _header);

    [Benchmark]
    public int Read() => FrameCodec.TryRead(_buffer, out _);
}
