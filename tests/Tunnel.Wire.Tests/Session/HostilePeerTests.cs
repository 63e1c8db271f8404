using Tunnel.Wire.Frames;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>A peer that does what is allowed to its limit, or what is not allowed.</summary>
public sealed class HostilePeerTests
{
    [Fact]
    public async Task InformationalHeads_AsManyAsAreAllowed_AndTheFinalOne_AreTakenInOneMessage()
    {
        await using var pair = new PeerPair();
        using var exchange = Open(pair);
        var heads = Enumerable.Repeat(PlainFrame.Head(1, [103, 0]), WireDefaults.MaxWaitingHeads);
        await pair.Peer.Send([.. heads, PlainFrame.Head(1, [200, 1, 0], PlainFrame.End)]);
        for (var head = 0; head <= WireDefaults.MaxWaitingHeads; head++)
        {
            (await exchange.ReadHeadAsync().AsTask().InTime()).Dispose();
        }

        Assert.False(pair.Session.IsOver);
    }

    [Fact]
    public async Task InformationalHeads_MoreThanAreAllowed_EndTheSession()
    {
        await using var pair = new PeerPair();
        using var exchange = Open(pair);
        await pair.Peer.Send([.. Enumerable.Repeat(PlainFrame.Head(1, [103, 0]), WireDefaults.MaxWaitingHeads + 2)]);
        Assert.IsType<WireFormatException>((await pair.Run.InTime()).Error);
    }

    [Fact]
    public async Task Heads_ThatNobodyReads_TakeNoMoreThanTheBudget()
    {
        await using var pair = new PeerPair(budget: 2 * 1024 * 1024);
        var exchanges = Enumerable.Range(0, 4).Select(_ => Open(pair)).ToArray();
        var head = new byte[WireDefaults.MaxHeadSize];
        for (uint stream = 1; stream <= exchanges.Length; stream++)
        {
            for (var count = 0; count < 12; count++)
            {
                await pair.Peer.Send(PlainFrame.Head(stream, head));
            }
        }

        await pair.Peer.SendControl(new PlainRecord.Ping(7)); // behind everything that was sent
        await pair.Peer.ExpectControl<PlainRecord.Pong>(pong => pong.Nonce == 7);
        Assert.InRange(pair.Budget.Reserved, 1, pair.Budget.Limit);
        Assert.False(pair.Session.IsOver);
        foreach (var exchange in exchanges)
        {
            exchange.Dispose();
        }

        Assert.Equal(0, pair.Budget.Reserved);
    }

    [Fact]
    public async Task Direction_ThatEndsWithoutAHead_DoesNotLetItsReaderWait()
    {
        await using var pair = new PeerPair();
        using var exchange = Open(pair);
        var reading = exchange.ReadHeadAsync().AsTask();
        await pair.Peer.Send(PlainFrame.Data(1, [], end: true));
        await Assert.ThrowsAsync<ExchangeException>(() => reading.InTime());
        Assert.False(pair.Session.IsOver);
    }

    [Fact]
    public async Task Pings_ManyInOneMessage_AreAnsweredOnce()
    {
        await using var pair = new PeerPair();
        await pair.Peer.SendControl([.. Enumerable.Range(1, 1000).Select(nonce => new PlainRecord.Ping((ulong)nonce))]);
        await pair.Peer.ExpectControl<PlainRecord.Pong>(pong => pong.Nonce == 1000);
        Assert.DoesNotContain(pair.Peer.Unread, record => record.StartsWith("pong", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(WireDefaults.CreditFloor, false)]
    [InlineData(WireDefaults.CreditFloor + 1, true)]
    public async Task Data_BeyondItsCredit_EndsTheSession(int count, bool ends)
    {
        await using var pair = new PeerPair();
        using var exchange = Open(pair);
        for (var left = count; left > 0; left -= WireDefaults.MaxDataPayload)
        {
            await pair.Peer.Send(PlainFrame.Data(1, new byte[Math.Min(left, WireDefaults.MaxDataPayload)]));
        }

        if (ends)
        {
            Assert.IsType<WireFormatException>((await pair.Run.InTime()).Error);
        }
        else
        {
            await pair.Peer.ExpectFrame(PlainFrameType.Head);
            await pair.Peer.ExpectQuiet();
        }
    }

    [Fact]
    public async Task Data_BeyondItsCredit_EndsTheSessionOnAStoppedDirectionToo()
    {
        await using var pair = new PeerPair();
        using var exchange = Open(pair);
        exchange.StopReading(ErrorCode.None);
        await pair.Peer.Send(PlainFrame.Data(1, new byte[WireDefaults.MaxDataPayload]), PlainFrame.Data(1, [1]));
        Assert.IsType<WireFormatException>((await pair.Run.InTime()).Error);
    }

    [Fact]
    public async Task Stop_WithACodeThatIsUnknown_CountsAsAFailure_AndIsAnswered()
    {
        await using var pair = new PeerPair();
        Assert.Equal(OpenOutcome.Opened, pair.Session.TryOpen([1], FrameFlags.None, out var exchange));
        await pair.Peer.ExpectFrame(PlainFrameType.Head);
        await pair.Peer.Send(PlainFrame.Stop(1, (byte)ErrorCode.LinkLost));
        var error = await Assert.ThrowsAsync<ExchangeException>(async () => await exchange!.ReadHeadAsync().AsTask().InTime());
        Assert.Equal(ErrorCode.Failed, error.Code);
        exchange!.Dispose();
        await pair.Peer.ExpectFrame(PlainFrameType.Reset, stream: 1);
        await pair.Peer.ExpectFrame(PlainFrameType.Stop, stream: 1); // it has not ended its own direction
    }

    [Fact]
    public async Task Message_OfALinkThatWasFenced_IsDropped()
    {
        await using var pair = new PeerPair();
        var before = new LateLink();
        var run = pair.Session.RunAsync(pair.Session.Fence(), before, peerReceived: 0);
        using var exchange = Open(pair);
        pair.Resume(peerReceived: 0);

        before.Message.SetResult(new PlainMessage.Data(0, false, PlainFrame.Head(1, [200, 1, 0]).Encode()).Encode());

        Assert.Equal(LinkEndKind.Fenced, (await run.InTime()).Kind);
        Assert.False(exchange.TryReadHead(out _));
        await pair.Peer.ExpectFrame(PlainFrameType.Head, stream: 1);
        await pair.Peer.Send(PlainFrame.Head(1, [200, 1, 0])); // at offset 0 once more
        (await exchange.ReadHeadAsync().AsTask().InTime()).Dispose();
    }

    private static Exchange Open(PeerPair pair)
    {
        Assert.Equal(OpenOutcome.Opened, pair.Session.TryOpen([1], FrameFlags.End, out var exchange));
        return exchange!;
    }

    /// <summary>Delivers a message after its end, as a socket may whose receive was under way.</summary>
    private sealed class LateLink : ILink
    {
        public TaskCompletionSource<byte[]> Message { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync() => await Message.Task;

        public ValueTask SendAsync(OutgoingMessage message) => default;

        public Task CloseAsync() => Task.CompletedTask;

        public void Abort()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
