using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Resume;

namespace Tunnel.Wire.Tests.Fuzz;

/// <summary>
/// Nearly right bytes into every decoder. Nothing may come out but values and the two exceptions that say what is over, every step takes
/// bytes away, and no input makes the decoder allocate more than a frame's worth.
/// </summary>
public sealed class DecoderFuzzTests
{
    private const int MostAllocated = 256 * 1024;

    [Fact]
    public void Messages_NearlyRight_AreReadOrRefused()
    {
        var seeds = VectorFile.Vectors.Where(vector => vector.Kind is "message" or "control").Concat(VectorFile.Refused).Select(vector => vector.Bytes)
            .Concat(VectorFile.Vectors.Where(vector => vector.Kind == "frame").Select(vector => (byte[])[0, 0, 0, 0, 0, 0, 0, 0, .. vector.Bytes])).ToList();
        Run(seeds, ReadMessages);
    }

    [Fact]
    public void Heads_NearlyRight_AreReadOrRefused()
    {
        var seeds = VectorFile.Vectors.Where(vector => vector.Kind is "request-head" or "response-head").Select(vector => vector.Bytes).ToList();
        Run(seeds, ReadHeads);
    }

    private static void Run(IReadOnlyList<byte[]> seeds, Action<byte[], Random> read)
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var inputs = new MutatedBytes(random, seeds);
        for (var count = FuzzEffort.Inputs / 2; count > 0; count--)
        {
            var input = inputs.Next();
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(input, random);
            }
            catch (Exception exception) when (exception is LinkException or WireFormatException)
            {
                // What they are for.
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, input {Convert.ToHexString(input)}: {exception}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= MostAllocated, $"seed {seed}, input {Convert.ToHexString(input)}: allocated {allocated}");
        }
    }

    private static void ReadMessages(byte[] input, Random random)
    {
        var sequence = new InboundSequence();
        try
        {
            // The input as one message, or cut into several at random.
            for (var rest = input.AsSpan(); !rest.IsEmpty;)
            {
                var length = random.Next(3) == 0 ? random.Next(1, rest.Length + 1) : rest.Length;
                ReadMessage(rest[..length], sequence);
                rest = rest[length..];
            }
        }
        finally
        {
            sequence.Release();
        }
    }

    private static void ReadMessage(ReadOnlySpan<byte> message, InboundSequence sequence)
    {
        if (Message.IsControl(message))
        {
            for (var records = message[1..]; !records.IsEmpty;)
            {
                var before = records.Length;
                var record = ControlCodec.Read(ref records);
                Assert.True(record.Type is >= ControlType.Ping and <= ControlType.Close && records.Length < before);
            }

            return;
        }

        var offset = Message.ReadDataHeader(ref message, out _);
        var bytes = sequence.Accept(offset, message);
        while (sequence.TryReadFrame(ref bytes, out var header, out var payload))
        {
            Assert.Equal(header.PayloadLength, payload.Length);
            Assert.True(header.PayloadLength <= WireDefaults.MaxHeadSize && header.ExchangeId != 0);
        }

        Assert.True(bytes.IsEmpty);
    }

    private static void ReadHeads(byte[] input, Random random)
    {
        var head = new HeadReader(input);
        switch (random.Next(3))
        {
            case 0:
                var request = RequestLine.Read(ref head);
                Assert.True(request.Target.StartsWith('/') && request.PrefixLength <= request.Target.Length);
                break;
            case 1:
                Assert.InRange(ResponseLine.Read(ref head).StatusCode, 100, 999);
                break;
        }

        while (head.TryHeader(out var name, out var value))
        {
            Assert.DoesNotContain('\n', value);
            Assert.NotEmpty(name);
        }
    }
}
