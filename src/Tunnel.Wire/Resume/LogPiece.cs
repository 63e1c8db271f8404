using Tunnel.Wire.Codec;

namespace Tunnel.Wire.Resume;

/// <summary>One message of the data lane as it stands in the log: room for the link's header, its own header, then bytes of the sequence.</summary>
/// <param name="Segment">The memory.</param>
/// <param name="Start">Where the room begins in it.</param>
/// <param name="Length">Room and header included.</param>
/// <param name="Offset">Where the piece begins in the sequence.</param>
internal readonly record struct LogPiece(LogSegment Segment, int Start, int Length, long Offset)
{
    /// <summary>Bytes in front of the sequence's.</summary>
    public const int HeaderSize = OutgoingMessage.HeaderRoom + Message.DataHeaderSize;

    public long End => Offset + Length - HeaderSize;

    /// <summary>The message's own header.</summary>
    public Span<byte> Header => Segment.Buffer.AsSpan(Start + OutgoingMessage.HeaderRoom);

    /// <summary>For <see cref="OutgoingMessage"/>.</summary>
    public Memory<byte> Memory => Segment.Buffer.AsMemory(Start, Length);
}
