using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>What a session's next link begins with (PROTOCOL.md, Messages; Links, epochs, resume).</summary>
public sealed class LinkBeginTests
{
    [Fact]
    public async Task NextLink_SaysItsAckCreditAndGoAwayBeforeAnyData()
    {
        var opened = new TaskCompletionSource<Exchange>();
        await using var pair = new PeerPair(opened.SetResult);
        await pair.Peer.Send(PlainFrame.Head(1, [1], PlainFrame.NoCredit));
        using var exchange = await opened.Task.InTime();
        var reading = exchange.Input.ReadAsync(TestContext.Current.CancellationToken); // grants the first credit
        var drained = pair.Session.DrainAsync();
        await pair.Peer.ExpectControl<PlainRecord.Credit>();
        await pair.Peer.ExpectControl<PlainRecord.GoAway>();
        await pair.Peer.ExpectControl<PlainRecord.Ack>(ack => ack.Offset == (ulong)pair.Peer.Sent);
        pair.SessionLink.Abort();
        Assert.Equal(LinkEndKind.Lost, (await pair.Run.InTime()).Kind);
        exchange.SendHead([2]);

        pair.Resume();

        var records = new List<PlainRecord>();
        while (PlainMessage.Decode(await pair.PeerLink.ReceiveAsync().AsTask().InTime()) is PlainMessage.Control control)
        {
            records.AddRange(control.Records);
        }

        Assert.Contains(records, record => record is PlainRecord.Ack ack && ack.Offset == (ulong)pair.Peer.Sent);
        Assert.Contains(new PlainRecord.Credit(1, WireDefaults.CreditFloor), records);
        Assert.Contains(records, record => record is PlainRecord.GoAway { Last: 1 });
        Assert.False(drained.IsCompleted);
        exchange.Abort(ErrorCode.Cancelled);
        await Assert.ThrowsAsync<ExchangeException>(async () => await reading);
    }

    [Fact]
    public async Task NextLink_OfASessionWhosePeerLeaves_SaysNoGoAwayOfItsOwn()
    {
        await using var pair = new PeerPair();
        await pair.Peer.SendControl(new PlainRecord.GoAway(0, 6));
        await pair.Peer.ExpectQuiet();
        pair.Resume();
        await pair.Peer.ExpectQuiet();
        Assert.DoesNotContain(pair.Peer.Unread, record => record.StartsWith("go-away", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)] // was acknowledged before
    [InlineData(1000)] // was never sent
    public async Task NextLink_WithAnImpossibleOffset_IsToldThatTheSessionIsOver(long received)
    {
        await using var pair = new PeerPair();
        Assert.Equal(OpenOutcome.Opened, pair.Session.TryOpen([1], FrameFlags.End, out var exchange));
        using (exchange)
        {
            await pair.Peer.ExpectFrame(PlainFrameType.Head, stream: 1);
            await pair.Peer.SendControl(new PlainRecord.Ack((ulong)pair.Peer.Received));
            await pair.Peer.ExpectQuiet();

            pair.Resume(received);

            await pair.Peer.ExpectControl<PlainRecord.Close>(close => close.Code == (ulong)ErrorCode.ProtocolError);
            Assert.Equal(LinkEndKind.SessionOver, (await pair.Run.InTime()).Kind);
        }
    }

    [Fact]
    public async Task Piece_OfWhichAPartWasAcknowledged_ComesAgainOnTheNextLink()
    {
        await using var pair = new PeerPair();
        pair.Session.TryOpen(new byte[100], FrameFlags.None, out var exchange);
        using (exchange)
        {
            await pair.Peer.ExpectFrame(PlainFrameType.Head, stream: 1);
            await pair.Peer.SendControl(new PlainRecord.Ack(50));
            await pair.Peer.ExpectQuiet();
            pair.Resume(peerReceived: 70);

            PlainMessage message;
            while ((message = PlainMessage.Decode(await pair.PeerLink.ReceiveAsync().AsTask().InTime())) is PlainMessage.Control)
            {
            }

            var piece = Assert.IsType<PlainMessage.Data>(message);
            Assert.InRange(piece.Offset, 0, 70);
            Assert.Equal(pair.Peer.Received, piece.Offset + piece.Bytes.Length);
            Assert.False(pair.Session.IsOver);
        }
    }
}
