namespace Tunnel.Wire.Frames;

/// <summary>What a frame says. The low four bits of a frame's first byte.</summary>
internal enum FrameType : byte
{
    /// <summary>A request, response, informational or trailer head.</summary>
    Head = 1,

    /// <summary>A piece of body, or of the byte stream after an upgrade.</summary>
    Data = 2,

    /// <summary>How far the sender of the other direction may go: an absolute byte offset of the exchange's data.</summary>
    Credit = 3,

    /// <summary>The sender sends no more, and what it sent is not the whole.</summary>
    Reset = 4,

    /// <summary>The sender reads no more; the receiver stops sending.</summary>
    Stop = 5,

    /// <summary>Asks for a <see cref="Pong"/>.</summary>
    Ping = 6,

    /// <summary>The answer to a <see cref="Ping"/>.</summary>
    Pong = 7,

    /// <summary>The sender takes no new exchanges.</summary>
    GoAway = 8,
}
