using System.Security.Cryptography;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

public sealed class ExchangeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(WireDefaults.MaxDataPayload)]
    [InlineData(WireDefaults.MaxDataPayload + 1)]
    [InlineData(40_000)]
    [InlineData(5_000_000)]
    public async Task Body_OfAnySize_ComesBackAsItWent(int size)
    {
        await using var pair = new SessionPair(EchoAsync);
        var body = RandomNumberGenerator.GetBytes(size);
        using var exchange = pair.Open([1])!;
        var sending = SendAsync(exchange, body, new Random(size));
        using (await exchange.ReadHeadAsync().InTime())
        {
        }

        var received = await ReadAllAsync(exchange).InTime();
        await sending.InTime();
        Assert.True(body.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task Exchanges_ManyAtOnce_DoNotMix()
    {
        await using var pair = new SessionPair(EchoAsync);
        await Parallel.ForEachAsync(Enumerable.Range(1, 2_000), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (seed, _) =>
        {
            var random = new Random(seed);
            var body = new byte[random.Next(20_000)];
            random.NextBytes(body);
            using var exchange = pair.Open([1])!;
            var sending = SendAsync(exchange, body, random);
            (await exchange.ReadHeadAsync()).Dispose();
            Assert.Equal(body, await ReadAllAsync(exchange));
            await sending;
        }).InTime();
        Assert.Equal(0, pair.Relay.OpenExchanges);
    }

    [Fact]
    public async Task Reader_ThatStandsStill_HoldsOneWindowAndNobodyElseUp()
    {
        var sent = new TaskCompletionSource<bool>();
        await using var pair = new SessionPair(async exchange =>
        {
            exchange.TryReadHead(out var head);
            var isBulk = head.Read().Number() == 7;
            head.Dispose();
            exchange.SendHead([1]);
            if (isBulk)
            {
                var writing = exchange.WriteAsync(new byte[WireDefaults.CreditFloor + 1], end: true);
                sent.SetResult(writing.IsCompleted);
                await writing;
            }
            else
            {
                await EchoAsync(exchange);
            }
        });
        using var stalled = pair.Open([7], FrameFlags.End)!;
        Assert.False(await sent.Task.InTime());

        using var other = pair.Open([1])!;
        await other.WriteAsync(new byte[10], end: true);
        Assert.Equal(10, (await ReadAllAsync(other).InTime()).Length);
        Assert.Equal(WireDefaults.CreditFloor + 1, (await ReadAllAsync(stalled).InTime()).Length);
    }

    [Fact]
    public async Task Reader_ThatTakesNothingBeforeItHasAll_GetsAll()
    {
        // As one that waits for the whole of a length-prefixed message: it examines what there is and asks for more.
        const int Size = 500_000;
        var length = new TaskCompletionSource<long>();
        await using var pair = new SessionPair(async exchange =>
        {
            var result = await exchange.Input.ReadAsync();
            while (result.Buffer.Length < Size)
            {
                exchange.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                result = await exchange.Input.ReadAsync();
            }

            length.SetResult(result.Buffer.Length);
            exchange.Input.AdvanceTo(result.Buffer.End);
            exchange.SendHead([1], FrameFlags.End);
        });
        using var exchange = pair.Open([1])!;
        await exchange.WriteAsync(new byte[Size], end: true).AsTask().InTime();

        Assert.Equal(Size, await length.Task.InTime());
    }

    [Fact]
    public async Task Reset_InMidBody_FailsTheReader()
    {
        await using var pair = new SessionPair(async exchange =>
        {
            exchange.SendHead([1]);
            await exchange.WriteAsync(new byte[100]);
            exchange.Reset(ErrorCode.Failed);
        });
        using var exchange = pair.Open([1], FrameFlags.End)!;
        var error = await Assert.ThrowsAsync<ExchangeException>(() => ReadAllAsync(exchange).InTime());
        Assert.Equal(ErrorCode.Failed, error.Code);
    }

    [Fact]
    public async Task Session_ThatEnds_EndsEveryWait()
    {
        var serving = new TaskCompletionSource();
        var waiting = new TaskCompletionSource<Exception?>();
        await using var pair = new SessionPair(async exchange =>
        {
            serving.SetResult();
            waiting.SetResult(await Record.ExceptionAsync(() => ReadAllAsync(exchange)));
        });
        using var exchange = pair.Open([1])!;
        var head = exchange.ReadHeadAsync().AsTask();
        await serving.Task.InTime();
        pair.Relay.End(ErrorCode.LinkLost);
        pair.Agent.End(ErrorCode.LinkLost);
        Assert.Equal(ErrorCode.LinkLost, (await Assert.ThrowsAsync<ExchangeException>(() => head.InTime())).Code);
        Assert.Equal(ErrorCode.LinkLost, Assert.IsType<ExchangeException>(await waiting.Task.InTime()).Code);
        Assert.Null(pair.Open([1]));
    }

    [Fact]
    public async Task Drain_WaitsForOpenExchangesAndTakesNoNewOnes()
    {
        var release = new TaskCompletionSource();
        await using var pair = new SessionPair(async exchange =>
        {
            await release.Task;
            exchange.SendHead([1], FrameFlags.End);
        });
        using (var exchange = pair.Open([1], FrameFlags.End)!)
        {
            var drained = pair.Relay.DrainAsync();
            Assert.Null(pair.Open([1]));
            Assert.False(drained.IsCompleted);
            release.SetResult();
            (await exchange.ReadHeadAsync().InTime()).Dispose();
            exchange.Dispose();
            await drained.InTime();
        }
    }

    [Fact]
    public async Task Piece_ThatIsNoFrame_EndsTheSession()
    {
        await using var pair = new SessionPair(EchoAsync);
        await pair.RelayLink.SendAsync(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF });
        Assert.IsType<WireFormatException>((await pair.AgentRun.InTime()).Error);
    }

    private static async Task EchoAsync(Exchange exchange)
    {
        exchange.SendHead([1]);
        while (true)
        {
            var result = await exchange.Input.ReadAsync();
            foreach (var segment in result.Buffer)
            {
                await exchange.WriteAsync(segment);
            }

            exchange.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                exchange.End();
                return;
            }
        }
    }

    private static async Task SendAsync(Exchange exchange, ReadOnlyMemory<byte> body, Random random)
    {
        while (!body.IsEmpty)
        {
            var count = Math.Min(random.Next(1, 60_000), body.Length);
            await exchange.WriteAsync(body[..count]);
            body = body[count..];
        }

        exchange.End();
    }

    private static async Task<byte[]> ReadAllAsync(Exchange exchange)
    {
        using var body = new MemoryStream();
        while (true)
        {
            var result = await exchange.Input.ReadAsync();
            foreach (var segment in result.Buffer)
            {
                body.Write(segment.Span);
            }

            exchange.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return body.ToArray();
            }
        }
    }
}
