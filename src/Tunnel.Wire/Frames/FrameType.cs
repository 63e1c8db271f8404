namespace Tunnel.Wire.Frames;

/// <summary>What a frame of the sequence says. The low four bits of a frame's first byte.</summary>
internal enum FrameType : byte
{
    /// <summary>A request, response, informational or trailer head.</summary>
    Head = 1,

    /// <summary>A piece of body, or of the byte stream after an upgrade.</summary>
    Data = 2,

    /// <summary>The sender sends no more, and what it sent is not the whole.</summary>
    Reset = 3,

    /// <summary>The sender reads no more; the receiver stops sending.</summary>
    Stop = 4,
}
