using System.Buffers;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Resume;

/// <summary>
/// The receiving end of a sequence: drops what came before, refuses gaps, and cuts what is left into frames, which may span messages.
/// No I/O and no lock: it belongs to the session's receiving side.
/// </summary>
internal sealed class InboundSequence
{
    private byte[]? _unfinished; // rented while a frame is incomplete at a message's end; one at most
    private int _unfinishedLength;
    private bool _isYielded; // the unfinished frame was completed and given out: its buffer goes back with the next call

    /// <summary>The offset up to which the sequence has arrived.</summary>
    public long Received { get; private set; }

    /// <summary>What is new in a piece of the sequence, perhaps nothing.</summary>
    /// <exception cref="LinkException">Bytes before it are missing.</exception>
    public ReadOnlySpan<byte> Accept(long offset, ReadOnlySpan<byte> piece)
    {
        if (offset > Received)
        {
            throw new LinkException("Bytes of the sequence are missing on this link.");
        }

        var known = Received - offset;
        if (known >= piece.Length)
        {
            return default;
        }

        var fresh = piece[(int)known..];
        Received += fresh.Length;
        return fresh;
    }

    /// <summary>Takes the next frame from the front of accepted bytes; keeps what is left of an unfinished one.</summary>
    /// <param name="bytes">All of it has to be taken before the next piece is accepted.</param>
    /// <param name="header">The frame's header.</param>
    /// <param name="payload">Valid until the next call.</param>
    /// <exception cref="WireFormatException">What comes next is no frame.</exception>
    public bool TryReadFrame(ref ReadOnlySpan<byte> bytes, out FrameHeader header, out ReadOnlySpan<byte> payload)
    {
        if (_isYielded)
        {
            Release();
        }

        if (_unfinished is not null)
        {
            return TryFinish(ref bytes, out header, out payload);
        }

        var length = FrameCodec.TryRead(bytes, out header);
        if (length == 0 || bytes.Length - length < header.PayloadLength)
        {
            payload = default;
            if (!bytes.IsEmpty)
            {
                _unfinished = ArrayPool<byte>.Shared.Rent(length == 0 ? FrameHeader.MaxSize : length + header.PayloadLength);
                Keep(ref bytes, bytes.Length);
            }

            return false;
        }

        payload = bytes.Slice(length, header.PayloadLength);
        bytes = bytes[(length + header.PayloadLength)..];
        return true;
    }

    public void Release()
    {
        if (_unfinished is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _unfinished = null;
        _unfinishedLength = 0;
        _isYielded = false;
    }

    private bool TryFinish(ref ReadOnlySpan<byte> bytes, out FrameHeader header, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        int length;
        while ((length = FrameCodec.TryRead(_unfinished.AsSpan(0, _unfinishedLength), out header)) == 0)
        {
            if (bytes.IsEmpty)
            {
                return false;
            }

            Keep(ref bytes, 1);
        }

        var total = length + header.PayloadLength;
        if (_unfinished!.Length < total)
        {
            var larger = ArrayPool<byte>.Shared.Rent(total);
            _unfinished.AsSpan(0, _unfinishedLength).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_unfinished);
            _unfinished = larger;
        }

        Keep(ref bytes, Math.Min(bytes.Length, total - _unfinishedLength));
        if (_unfinishedLength < total)
        {
            return false;
        }

        payload = _unfinished.AsSpan(length, header.PayloadLength);
        _isYielded = true;
        return true;
    }

    private void Keep(ref ReadOnlySpan<byte> bytes, int count)
    {
        bytes[..count].CopyTo(_unfinished.AsSpan(_unfinishedLength));
        _unfinishedLength += count;
        bytes = bytes[count..];
    }
}
