namespace Tunnel.Wire.Frames;

/// <summary>The start of a frame: type, flags, exchange and payload length.</summary>
internal readonly record struct FrameHeader(FrameType Type, FrameFlags Flags, uint ExchangeId, int PayloadLength)
{
    /// <summary>One byte of type and flags, two varints of at most five bytes.</summary>
    public const int MaxSize = 11;

    public bool IsEnd => (Flags & FrameFlags.End) != 0;

    public bool IsTrailers => (Flags & FrameFlags.Trailers) != 0;
}
