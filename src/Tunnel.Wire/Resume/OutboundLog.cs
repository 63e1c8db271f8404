using Tunnel.Wire.Codec;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Resume;

/// <summary>
/// The sending end of a sequence: what waits for the link, and what was sent and not acknowledged. Frames are written once, into the very
/// message that the link sends, now and again after a resume. No I/O, no timer and no lock: its owner guards it.
/// </summary>
internal sealed class OutboundLog(MemoryBudget budget)
{
    private const int FirstSegment = 16 * 1024; // a session that sends little holds little
    private const int LaterSegments = 128 * 1024;

    private readonly PieceQueue _pieces = new();
    private LogSegment? _segment; // being filled
    private int _start; // of the piece being filled
    private int _filled; // in _segment; _start while nothing of a piece is there
    private long _filledTo; // the sequence's end
    private long _highestSent; // further than SentTo while a resumed link is sent what the last one lost
    private bool _fullInLap;
    private bool _headInLap;

    /// <summary>What the log may hold of data.</summary>
    public int Bound { get; private set; } = WireDefaults.InitialLogBound;

    /// <summary>What it may hold when streams that have sent 16 KiB or more add to it: less than <see cref="Bound"/> while others are beside the bulk and would wait behind it.</summary>
    public int BulkBound { get; private set; } = WireDefaults.InitialLogBound;

    /// <summary>A message that has reached this size is not added to any more.</summary>
    public int MessageSize { get; set; } = WireDefaults.SlowMessageSize;

    /// <summary>The offset up to which the peer has received the sequence.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Bytes that are not acknowledged.</summary>
    public long Held => _filledTo - Acknowledged;

    /// <summary>Bytes that were not handed to the link.</summary>
    public long Unsent => _filledTo - SentTo;

    /// <summary>The offset up to which the sequence was handed to the link.</summary>
    public long SentTo { get; private set; }

    /// <summary>Whether data may be appended now. That its bound was met is what lets the log grow.</summary>
    public bool HasRoomForData(int length, bool isBulk)
    {
        if (Held + length > (isBulk ? BulkBound : Bound))
        {
            _fullInLap = true;
            return false;
        }

        return Unsent + length <= WireDefaults.MaxUnsent;
    }

    public bool HasRoomForHead(int length) => Held + length + FrameHeader.MaxSize <= Bound + WireDefaults.LogReserveForHeads;

    public bool IsOverflowing => Held > Bound + WireDefaults.LogReserveForHeads + WireDefaults.LogReserveForSmallFrames;

    public void Append(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var room = EnsureRoom(FrameHeader.MaxSize + payload.Length);
        var length = FrameCodec.Write(room, header);
        payload.CopyTo(room[length..]);
        Filled(length + payload.Length);
        _headInLap |= header.Type == FrameType.Head;
    }

    /// <summary>Appends a head's frame that is encoded already.</summary>
    public void AppendEncodedHead(ReadOnlySpan<byte> frame)
    {
        frame.CopyTo(EnsureRoom(frame.Length));
        Filled(frame.Length);
        _headInLap = true;
    }

    /// <summary>Takes the next piece that no link has got yet. The caller releases its segment once, when the send has ended.</summary>
    public bool TryTake(out LogPiece piece)
    {
        if (!_pieces.TryNext(out piece))
        {
            ClosePiece();
            if (!_pieces.TryNext(out piece))
            {
                return false;
            }
        }

        Message.WriteDataHeader(piece.Header, piece.Offset, ackWanted: Held >= BulkBound / 2);
        SentTo = piece.End;
        _highestSent = Math.Max(_highestSent, SentTo);
        piece.Segment.Hold();
        return true;
    }

    /// <summary>Frees what the peer has received.</summary>
    /// <returns>Whether anything was.</returns>
    /// <exception cref="WireFormatException">The peer acknowledges what was never sent.</exception>
    public bool Acknowledge(long offset)
    {
        if (offset > _highestSent)
        {
            throw new WireFormatException("The peer acknowledged more than it was sent.");
        }

        if (offset <= Acknowledged)
        {
            return false;
        }

        Acknowledged = offset;
        SentTo = Math.Max(SentTo, offset);
        while (_pieces.TryFirst(out var piece) && piece.End <= offset)
        {
            _pieces.RemoveFirst();
            piece.Segment.Release();
        }

        if (Held == 0)
        {
            _segment?.Release();
            _segment = null;
            _start = _filled = 0;
        }

        return true;
    }

    /// <summary>All that was on its way when this was called last has been acknowledged.</summary>
    /// <param name="pace">How quick that was. A log that was full meanwhile grows by a quick lap; a slow one makes room for heads, if there were any.</param>
    public void EndLap(LapPace pace)
    {
        if (_fullInLap && pace == LapPace.Quick)
        {
            if (BulkBound < Bound)
            {
                BulkBound *= 2;
            }
            else if (Bound < WireDefaults.MaxLogBound && budget.TryReserve(Bound))
            {
                BulkBound = Bound *= 2;
            }
        }
        else if (_fullInLap && _headInLap && pace == LapPace.Slow)
        {
            BulkBound = Math.Max(BulkBound / 2, WireDefaults.LeastBulkBound);
        }

        _fullInLap = _headInLap = false;
    }

    /// <summary>A new link begins: everything after the offset is sent again.</summary>
    /// <exception cref="WireFormatException">The offset was never sent, or its bytes are gone.</exception>
    public void Rewind(long offset)
    {
        if (offset < Acknowledged)
        {
            throw new WireFormatException("The peer asks for bytes that it has acknowledged.");
        }

        Acknowledge(offset);
        _pieces.Rewind();
        MessageSize = WireDefaults.SlowMessageSize; // the next link has to show its rate first
        SentTo = _pieces.TryFirst(out var first) ? first.Offset : _filledTo - (_filled > _start ? _filled - _start - LogPiece.HeaderSize : 0);
    }

    /// <summary>Begins anew with the bounds if the log is empty, and gives the growth back.</summary>
    public void TrimIfEmpty()
    {
        if (Held == 0)
        {
            budget.Release(Bound - WireDefaults.InitialLogBound);
            Bound = BulkBound = WireDefaults.InitialLogBound;
        }
    }

    /// <summary>Frees everything; nothing is appended any more.</summary>
    public void Close()
    {
        ClosePiece();
        while (_pieces.TryFirst(out var piece))
        {
            _pieces.RemoveFirst();
            piece.Segment.Release();
        }

        _segment?.Release();
        _segment = null;
        Acknowledged = SentTo = _filledTo;
        TrimIfEmpty();
    }

    private Span<byte> EnsureRoom(int count)
    {
        var isOpen = _filled > _start;
        if (isOpen && _filled - _start + count > MessageSize)
        {
            ClosePiece();
            isOpen = false;
        }

        var needed = isOpen ? count : count + LogPiece.HeaderSize;
        if (_segment is null || _segment.Buffer.Length - _filled < needed)
        {
            ClosePiece();
            var size = Held == 0 ? FirstSegment : LaterSegments;
            _segment?.Release();
            _segment = new LogSegment(Math.Max(size, count + LogPiece.HeaderSize));
            _start = _filled = 0;
            isOpen = false;
        }

        if (!isOpen)
        {
            _filled += LogPiece.HeaderSize;
        }

        return _segment.Buffer.AsSpan(_filled);
    }

    private void Filled(int count)
    {
        _filled += count;
        _filledTo += count;
    }

    private void ClosePiece()
    {
        if (_filled > _start)
        {
            var length = _filled - _start;
            _segment!.Hold();
            _pieces.Add(new LogPiece(_segment, _start, length, _filledTo - (length - LogPiece.HeaderSize)));
            _start = _filled;
        }
    }
}
