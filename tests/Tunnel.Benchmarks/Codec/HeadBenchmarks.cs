using BenchmarkDotNet.Attributes;
using Tunnel.Wire.Codec;

namespace Tunnel.Benchmarks.Codec;

/// <summary>A request's head with nine header lines, and a response's with six.</summary>
[MemoryDiagnoser]
public class HeadBenchmarks
{
    private readonly byte[] _request = TypicalHeads.EncodedRequest;
    private readonly byte[] _response = TypicalHeads.EncodedResponse;

    [Benchmark]
    public int WriteRequest()
    {
        using var head = HeadWriter.Rent();
        TypicalHeads.WriteRequest(head);
        return head.Written.Length;
    }

    [Benchmark]
    public int ReadRequest() => TypicalHeads.ReadRequest(new HeadReader(_request));

    [Benchmark]
    public int WriteResponse()
    {
        using var head = HeadWriter.Rent();
        TypicalHeads.WriteResponse(head);
        return head.Written.Length;
    }

    [Benchmark]
    public int ReadResponse() => TypicalHeads.ReadResponse(new HeadReader(_response));
}
