using Tunnel.Wire.Codec;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Resume;

namespace Tunnel.Wire.Tests.Resume;

public sealed class OutboundLogTests
{
    private const int FrameSize = 100;
    private readonly OutboundLog _log = new(new MemoryBudget(1024 * 1024 * 1024));

    [Fact]
    public void Data_HasNoRoom_WhileMuchWasNotSent()
    {
        while (_log.HasRoomForData(WireDefaults.MaxDataPayload, isBulk: true))
        {
            Append(WireDefaults.MaxDataPayload);
        }

        Assert.InRange(_log.Held, WireDefaults.MaxUnsent / 2, WireDefaults.MaxUnsent);
    }

    [Fact]
    public void Heads_HaveRoomOfTheirOwn()
    {
        Fill();
        Assert.True(_log.HasRoomForHead(10_000));
        Append(50_000);
        Assert.False(_log.HasRoomForHead(WireDefaults.LogReserveForHeads));
    }

    [Fact]
    public void Ack_IsWanted_WhenTheLogIsHalfFull()
    {
        Append(100);
        Assert.False(TakeAndSeeWhetherAckIsWanted());
        Append(WireDefaults.InitialLogBound / 2);
        Assert.True(TakeAndSeeWhetherAckIsWanted());
    }

    [Fact]
    public void Pieces_ThatWereSent_AreNotSentAgainOnTheSameLink()
    {
        var ends = Enumerable.Range(0, 3).Select(_ => AppendAndTake()).ToList();
        Assert.True(_log.Acknowledge(ends[0]));
        Assert.Equal(0, _log.Unsent);
        Assert.False(_log.TryTake(out _));
        var next = AppendAndTake();
        Assert.Equal(next, _log.SentTo);
    }

    [Fact]
    public void Rewind_BeginsAtThePieceOfWhichAPartIsMissing_AndAnAckOfWhatTheLastLinkBroughtIsTaken()
    {
        var first = AppendAndTake();
        var second = AppendAndTake();
        _log.Rewind(10);
        Assert.Equal(0, _log.SentTo);
        Assert.Equal(second, _log.Unsent);

        Assert.True(_log.Acknowledge(first)); // sent on the link before, not on this one
        Assert.Equal(first, _log.SentTo);
        Assert.True(_log.TryTake(out var piece));
        Assert.Equal(first, piece.Offset);
        piece.Segment.Release();
        Assert.False(_log.TryTake(out _));
    }

    [Fact]
    public void Rewind_WithAPieceThatIsBeingFilled_SendsItOnce()
    {
        var first = AppendAndTake();
        Append(FrameSize);
        _log.Rewind(first);
        Assert.Equal(first, _log.SentTo);
        Append(FrameSize);
        Assert.True(_log.TryTake(out var piece));
        Assert.Equal(first, piece.Offset);
        Assert.Equal(_log.Held, piece.End - piece.Offset);
        Assert.False(_log.TryTake(out _));
        piece.Segment.Release();
    }

    [Fact]
    public void Growth_StaysWhileSomethingIsHeld()
    {
        Fill();
        _log.Acknowledge(WireDefaults.InitialLogBound / 2);
        _log.EndLap(LapPace.Quick);
        Assert.Equal(2 * WireDefaults.InitialLogBound, _log.Bound);
        _log.TrimIfEmpty();
        Assert.Equal(2 * WireDefaults.InitialLogBound, _log.Bound);
    }

    [Fact]
    public void SlowLap_MakesRoomForOthers_OnlyWhileThereAreOthers()
    {
        Fill();
        _log.EndLap(LapPace.Quick);
        Fill();
        _log.EndLap(LapPace.Slow);
        Assert.Equal(2 * WireDefaults.InitialLogBound, _log.BulkBound);

        _log.Append(new FrameHeader(FrameType.Head, FrameFlags.None, 3, FrameSize), new byte[FrameSize]);
        Fill();
        Assert.False(_log.HasRoomForData(WireDefaults.MaxDataPayload, isBulk: true));
        _log.EndLap(LapPace.Slow);
        Assert.Equal(WireDefaults.InitialLogBound, _log.BulkBound);
        Assert.Equal(2 * WireDefaults.InitialLogBound, _log.Bound);
        _log.Acknowledge(WireDefaults.InitialLogBound);
        Assert.False(_log.HasRoomForData(WireDefaults.MaxDataPayload, isBulk: true));
        Assert.True(_log.HasRoomForData(WireDefaults.MaxDataPayload, isBulk: false));
    }

    private void Fill()
    {
        while (_log.HasRoomForData(WireDefaults.MaxDataPayload, isBulk: true))
        {
            Append(WireDefaults.MaxDataPayload);
            while (_log.TryTake(out var piece))
            {
                piece.Segment.Release();
            }
        }
    }

    private long AppendAndTake()
    {
        Append(FrameSize);
        Assert.True(_log.TryTake(out var piece));
        piece.Segment.Release();
        return piece.End;
    }

    private bool TakeAndSeeWhetherAckIsWanted()
    {
        Assert.True(_log.TryTake(out var piece));
        var message = new OutgoingMessage(piece.Memory).Message.Span;
        Message.ReadDataHeader(ref message, out var isWanted);
        piece.Segment.Release();
        return isWanted;
    }

    private void Append(int length) => _log.Append(new FrameHeader(FrameType.Data, FrameFlags.None, 1, length), new byte[length]);
}
