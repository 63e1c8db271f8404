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
    private long _acknowledged;
    private long _highestSent; // further than SentTo while a resumed link is sent what the last one lost
    private bool _wasFull;

    /// <summary>What the log may hold of data.</summary>
    public int Bound { get; private set; } = WireDefaults.InitialLogBound;

    /// <summary>A message that has reached this size is not added to any more.</summary>
    public int MessageSize { get; set; } = WireDefaults.SlowMessageSize;

    /// <summary>Bytes that are not acknowledged.</summary>
    public long Held => _filledTo - _acknowledged;

    /// <summary>Bytes that were not handed to the link.</summary>
    public long Unsent => _filledTo - SentTo;

    /// <summary>The offset up to which the sequence was handed to the link.</summary>
    public long SentTo { get; private set; }

    /// <summary>Whether data may be appended now. That its bound was met is what lets the log grow.</summary>
    public bool HasRoomForData(int length)
    {
        if (Held + length > Bound)
        {
            _wasFull = true;
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
    }

    /// <summary>Appends a frame that is encoded already.</summary>
    public void AppendEncoded(ReadOnlySpan<byte> frame)
    {
        frame.CopyTo(EnsureRoom(frame.Length));
        Filled(frame.Length);
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

        Message.WriteDataHeader(piece.Segment.Buffer.AsSpan(piece.Start), piece.Offset, ackWanted: Held >= Bound / 2);
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

        if (offset <= _acknowledged)
        {
            return false;
        }

        _acknowledged = offset;
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

        Grow();
        return true;
    }

    /// <summary>A new link begins: everything after the offset is sent again.</summary>
    /// <exception cref="WireFormatException">The offset was never sent, or its bytes are gone.</exception>
    public void Rewind(long offset)
    {
        if (offset < _acknowledged)
        {
            throw new WireFormatException("The peer asks for bytes that it has acknowledged.");
        }

        Acknowledge(offset);
        _pieces.Rewind();
        MessageSize = WireDefaults.SlowMessageSize; // the next link has to show its rate first
        SentTo = _pieces.TryFirst(out var first) ? first.Offset : _filledTo - (_filled > _start ? _filled - _start - Message.DataHeaderSize : 0);
    }

    /// <summary>Gives the growth back if the log is empty.</summary>
    public void TrimIfEmpty()
    {
        if (Held == 0 && Bound > WireDefaults.InitialLogBound)
        {
            budget.Release(Bound - WireDefaults.InitialLogBound);
            Bound = WireDefaults.InitialLogBound;
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
        _acknowledged = SentTo = _filledTo;
        TrimIfEmpty();
    }

    private void Grow()
    {
        // Full when an acknowledgement comes: the path holds more than the log does.
        if (_wasFull && Bound < WireDefaults.MaxLogBound && budget.TryReserve(Bound))
        {
            Bound *= 2;
        }

        _wasFull = false;
    }

    private Span<byte> EnsureRoom(int count)
    {
        var isOpen = _filled > _start;
        if (isOpen && _filled - _start + count > MessageSize)
        {
            ClosePiece();
            isOpen = false;
        }

        var needed = isOpen ? count : count + Message.DataHeaderSize;
        if (_segment is null || _segment.Buffer.Length - _filled < needed)
        {
            ClosePiece();
            var size = Held == 0 ? FirstSegment : LaterSegments;
            _segment?.Release();
            _segment = new LogSegment(Math.Max(size, count + Message.DataHeaderSize));
            _start = _filled = 0;
            isOpen = false;
        }

        if (!isOpen)
        {
            _filled += Message.DataHeaderSize;
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
            _pieces.Add(new LogPiece(_segment, _start, length, _filledTo - (length - Message.DataHeaderSize)));
            _start = _filled;
        }
    }
}
