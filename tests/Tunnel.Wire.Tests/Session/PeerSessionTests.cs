using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>A session and a peer that says one thing at a time.</summary>
public sealed class PeerSessionTests
{
    [Fact]
    public async Task Ack_ThatIsWanted_ComesAtOnce()
    {
        var time = new FakeTime(); // which does not move
        await using var pair = new PeerPair(time: time);
        using var exchange = Open(pair);
        pair.Peer.WantsAcks = true;
        await pair.Peer.Send(PlainFrame.Head(1, [200, 1, 0]));
        await pair.Peer.ExpectControl<PlainRecord.Ack>(ack => ack.Offset == (ulong)pair.Peer.Sent);
    }

    [Fact]
    public async Task Ack_ThatNobodyAskedFor_ComesAfter20Milliseconds()
    {
        var time = new FakeTime();
        await using var pair = new PeerPair(time: time);
        using var exchange = Open(pair);
        await pair.Peer.Send(PlainFrame.Head(1, [200, 1, 0]));
        await time.WhenArmedAsync(WireDefaults.AckAfter).InTime();
        time.Advance(WireDefaults.AckAfter);
        await pair.Peer.ExpectControl<PlainRecord.Ack>(ack => ack.Offset == (ulong)pair.Peer.Sent);
        await pair.Peer.Send(PlainFrame.Data(1, [1]));
        await time.WhenArmedAsync(WireDefaults.AckAfter).InTime();
        time.Advance(WireDefaults.AckAfter);
        await pair.Peer.ExpectControl<PlainRecord.Ack>(ack => ack.Offset == (ulong)pair.Peer.Sent);
    }

    [Fact]
    public async Task Link_ThatIsSilent_IsLost()
    {
        var time = new FakeTime();
        await using var pair = new PeerPair(time: time);
        await pair.Peer.ExpectControl<PlainRecord.Ping>();
        for (var seconds = 0; seconds < 35; seconds += 5)
        {
            time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(LinkEndKind.Lost, (await pair.Run.InTime()).Kind);
    }

    [Fact]
    public async Task GoAway_EndsWhatIsAboveItsLast_AndNothingElse()
    {
        await using var pair = new PeerPair();
        using var first = Open(pair);
        using var second = Open(pair);
        await pair.Peer.SendControl(new PlainRecord.GoAway(1, 6));
        await pair.Peer.ExpectFrame(PlainFrameType.Head, stream: 1);
        await pair.Peer.ExpectFrame(PlainFrameType.Head, stream: 2);
        await pair.Peer.ExpectQuiet();
        Assert.False(first.TryReadHead(out _));
        Assert.Equal(ErrorCode.Refused, Assert.Throws<ExchangeException>(() => second.TryReadHead(out _)).Code);
        Assert.Equal(OpenOutcome.Leaving, pair.Session.TryOpen([1], FrameFlags.End, out _));
    }

    [Fact]
    public async Task Head_AboveTheLast_IsRefused_AndTheOneBelowGoesOn()
    {
        var opened = new List<Exchange>();
        await using var pair = new PeerPair(opened.Add);
        await pair.Peer.Send(PlainFrame.Head(1, [1]));
        await pair.Peer.ExpectQuiet();
        var drained = pair.Session.DrainAsync();
        await pair.Peer.ExpectControl<PlainRecord.GoAway>(goAway => goAway.Last == 1);
        await pair.Peer.Send(PlainFrame.Data(1, [1], end: true), PlainFrame.Head(2, [1]));
        await pair.Peer.ExpectFrame(PlainFrameType.Reset, stream: 2, frame => frame.Code == (byte)ErrorCode.Refused);
        var served = Assert.Single(opened);
        Assert.False(drained.IsCompleted);
        served.Dispose();
        await drained.InTime();
    }

    [Fact]
    public async Task Slots_AreAsManyAsTheProtocolSays()
    {
        var opened = new List<Exchange>();
        await using var pair = new PeerPair(opened.Add);
        for (var stream = 1u; stream <= WireDefaults.MaxOpenExchanges + 1; stream++)
        {
            await pair.Peer.Send(PlainFrame.Head(stream, [1]));
        }

        await pair.Peer.ExpectFrame(PlainFrameType.Reset, WireDefaults.MaxOpenExchanges + 1, frame => frame.Code == (byte)ErrorCode.Refused);
        Assert.Equal(WireDefaults.MaxOpenExchanges, opened.Count);
        opened.ForEach(exchange => exchange.Dispose());
        Assert.Equal(0, pair.Budget.Reserved);
    }

    [Fact]
    public async Task Ticket_KnowsWhetherAValidMessageCame()
    {
        await using var pair = new PeerPair();
        var ticket = pair.Session.Fence();
        var (peer, link) = MemoryLink.CreatePair();
        var run = pair.Session.RunAsync(ticket, link, peerReceived: 0);
        Assert.False(ticket.HasReceived);
        await peer.SendAsync(new byte[] { 0x81 });
        Assert.IsType<LinkException>((await run.InTime()).Error);
        Assert.False(ticket.HasReceived);

        ticket = pair.Session.Fence();
        (peer, link) = MemoryLink.CreatePair();
        run = pair.Session.RunAsync(ticket, link, peerReceived: 0);
        pair.Peer.ContinueOn(peer);
        await pair.Peer.ExpectQuiet();
        Assert.True(ticket.HasReceived);
    }

    [Fact]
    public async Task Stop_WithoutAnError_LeavesTheOtherDirection_AndWithOneNothing()
    {
        await using var pair = new PeerPair();
        Assert.Equal(OpenOutcome.Opened, pair.Session.TryOpen([1], FrameFlags.None, out var exchange));
        using (exchange)
        {
            await pair.Peer.Send(PlainFrame.Stop(1, 0), PlainFrame.Head(1, [200, 1, 0]));
            (await exchange!.ReadHeadAsync().AsTask().InTime()).Dispose();
            Assert.False(await exchange.WriteAsync(new byte[1]));
            exchange.End(); // what was dropped was not the whole
            await pair.Peer.ExpectFrame(PlainFrameType.Head);
            await pair.Peer.ExpectFrame(PlainFrameType.Reset, stream: 1);

            await pair.Peer.Send(PlainFrame.Stop(1, 1));
            var error = await Assert.ThrowsAsync<ExchangeException>(async () => await exchange.ReadHeadAsync().AsTask().InTime());
            Assert.Equal(ErrorCode.Cancelled, error.Code);
        }
    }

    [Fact]
    public async Task Writer_ThatIsStoppedWhileItWaitsForCredit_DoesNotEndAsIfAllHadBeenSent()
    {
        await using var pair = new PeerPair();
        Assert.Equal(OpenOutcome.Opened, pair.Session.TryOpen([1], FrameFlags.None, out var exchange));
        using (exchange)
        {
            var writing = exchange!.WriteAsync(new byte[WireDefaults.CreditFloor + 1]).AsTask();
            await pair.Peer.Send(PlainFrame.Stop(1, 0));
            Assert.False(await writing.InTime());
            exchange.End();
            await pair.Peer.ExpectFrame(PlainFrameType.Head);
            await pair.Peer.ExpectBody(1, WireDefaults.CreditFloor);
            await pair.Peer.ExpectFrame(PlainFrameType.Reset, stream: 1);
        }
    }

    [Fact]
    public async Task Body_ThatComesAfterStop_IsDropped()
    {
        await using var pair = new PeerPair();
        using var exchange = Open(pair);
        exchange.StopReading(ErrorCode.None);
        await pair.Peer.Send(PlainFrame.Head(1, [200, 1, 0]), PlainFrame.Data(1, new byte[1000]));
        (await exchange.ReadHeadAsync().AsTask().InTime()).Dispose();
        Assert.False(exchange.Input.TryRead(out _));
    }

    [Fact]
    public async Task Exchange_ThatIsDisposed_TellsThePeerToStop()
    {
        await using var pair = new PeerPair();
        Open(pair).Dispose();
        await pair.Peer.ExpectFrame(PlainFrameType.Head, stream: 1);
        await pair.Peer.ExpectFrame(PlainFrameType.Stop, stream: 1);
        Assert.Equal(0, pair.Budget.Reserved);
    }

    private static Exchange Open(PeerPair pair)
    {
        Assert.Equal(OpenOutcome.Opened, pair.Session.TryOpen([1], FrameFlags.End, out var exchange));
        return exchange!;
    }
}
