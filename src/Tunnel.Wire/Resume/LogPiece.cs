namespace Tunnel.Wire.Resume;

/// <summary>One message of the data lane as it stands in the log: its header, then bytes of the sequence.</summary>
/// <param name="Segment">The memory.</param>
/// <param name="Start">Where the header begins in it.</param>
/// <param name="Length">Header included.</param>
/// <param name="Offset">Where the piece begins in the sequence.</param>
internal readonly record struct LogPiece(LogSegment Segment, int Start, int Length, long Offset)
{
    public long End => Offset + Length - Codec.Message.DataHeaderSize;

    public ReadOnlyMemory<byte> Memory => Segment.Buffer.AsMemory(Start, Length);
}
