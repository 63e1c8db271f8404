using System.Buffers;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Flow;

/// <summary>
/// What one exchange has to send and the log had no room for: encoded heads, then a piece of body that stays where its writer has it.
/// Guarded by the lock of the session's sending side.
/// </summary>
internal sealed class OutboundStream(uint id, IRoomHandler room)
{
    private byte[]? _kept; // rented; encoded frames, between the two marks
    private int _keptStart;
    private int _keptEnd;

    public uint Id { get; } = id;

    /// <summary>Body that waits. It belongs to the writer, which must not use it before <see cref="IsWaiting"/> is false.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; }

    /// <summary>Whether the body's last byte is the message's.</summary>
    public bool EndsWithData { get; private set; }

    /// <summary>Bytes of body in the log so far: who has sent little goes first.</summary>
    public long Sent { get; set; }

    /// <summary>Whether the scheduler has it in a queue.</summary>
    public bool IsQueued { get; set; }

    /// <summary>The credit that the peer is to be told next, or 0.</summary>
    public long CreditToTell { get; set; }

    public bool IsWaiting => HasHeads || HasData;

    public bool HasHeads => _keptEnd > _keptStart;

    public bool HasData { get; private set; }

    /// <summary>The first of the frames that wait: they leave one by one, because all of them may be more than a message, or the log, holds.</summary>
    public ReadOnlySpan<byte> NextFrame => Kept[..(FrameCodec.TryRead(Kept, out var header) + header.PayloadLength)];

    /// <summary>Keeps a frame that may not overtake others of its exchange.</summary>
    /// <returns>How many bytes of memory that took.</returns>
    public int KeepFrame(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var needed = Kept.Length + FrameHeader.MaxSize + payload.Length;
        var before = _kept?.Length ?? 0;
        var buffer = before < needed ? ArrayPool<byte>.Shared.Rent(needed) : _kept!;
        Kept.CopyTo(buffer);
        (_keptStart, _keptEnd) = (0, Kept.Length);
        if (buffer != _kept)
        {
            ReturnKept();
            _kept = buffer;
        }

        _keptEnd += FrameCodec.Write(buffer.AsSpan(_keptEnd), header);
        payload.CopyTo(buffer.AsSpan(_keptEnd));
        _keptEnd += payload.Length;
        return buffer.Length - before;
    }

    public void KeepData(ReadOnlyMemory<byte> data, bool end)
    {
        Data = data;
        EndsWithData = end;
        HasData = true;
    }

    /// <summary>Counts body that went into the log; returns whether that was all of it.</summary>
    public bool DataTaken(int count)
    {
        Data = Data[count..];
        Sent += count;
        HasData = !Data.IsEmpty;
        return !HasData;
    }

    /// <summary>Forgets body that waits; the writer has its memory back.</summary>
    public void DropData()
    {
        Data = default;
        HasData = false;
    }

    /// <summary>Forgets the first of the frames that wait: it is in the log.</summary>
    /// <returns>How many bytes of memory that freed.</returns>
    public int FrameTaken(int length)
    {
        _keptStart += length;
        return HasHeads ? 0 : DropHeads();
    }

    /// <summary>Forgets all frames that wait.</summary>
    /// <returns>How many bytes of memory that freed.</returns>
    public int DropHeads()
    {
        var length = _kept?.Length ?? 0;
        ReturnKept();
        _keptStart = _keptEnd = 0;
        return length;
    }

    /// <summary>Tells the exchange that nothing waits any more.</summary>
    public void SignalRoom() => room.OnRoom();

    private ReadOnlySpan<byte> Kept => _kept.AsSpan(_keptStart, _keptEnd - _keptStart);

    private void ReturnKept()
    {
        if (_kept is { } kept)
        {
            _kept = null;
            ArrayPool<byte>.Shared.Return(kept);
        }
    }
}

/// <summary>Hears that what waited has gone into the log.</summary>
internal interface IRoomHandler
{
    /// <summary>Called under the lock of the sending side: wakes somebody, and no more.</summary>
    void OnRoom();
}
