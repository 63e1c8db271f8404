namespace Tunnel.Wire.Frames;

/// <summary>The high four bits of a frame's first byte.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>On a head or data frame: the last frame of its direction.</summary>
    End = 0x10,

    /// <summary>On a head frame: the head is a trailer section (RFC 9110 section 6.5).</summary>
    Trailers = 0x20,

    /// <summary>On a request head: the visitor expects 100-continue; the exchange starts without credit for its body.</summary>
    NoCredit = 0x40,
}
