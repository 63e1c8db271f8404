using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Tunnel.Wire.Session;

namespace Tunnel.Benchmarks.Session;

/// <summary>Receiving messages of 100 bytes that arrived in one burst.</summary>
[MemoryDiagnoser]
public class UpgradedLinkBenchmarks
{
    private const int Messages = 1000;
    private const int Length = 100;
    private readonly UpgradedLink _link = new(new EndlessStream(Encode()), static () => { }, TimeProvider.System);

    [Benchmark(OperationsPerInvoke = Messages)]
    public async Task<int> Receive()
    {
        var received = 0;
        for (var i = 0; i < Messages; i++)
        {
            received += (await _link.ReceiveAsync().ConfigureAwait(false)).Length;
        }

        return received;
    }

    private static byte[] Encode()
    {
        var bytes = new byte[Messages * (4 + Length)];
        for (var at = 0; at < bytes.Length; at += 4 + Length)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at), (2u << 24) | Length); // binary, PROTOCOL.md, Upgraded connections
        }

        return bytes;
    }
}
