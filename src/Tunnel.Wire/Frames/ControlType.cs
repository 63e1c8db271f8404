namespace Tunnel.Wire.Frames;

/// <summary>What a record of the control lane says. All of them are absolute and idempotent.</summary>
internal enum ControlType : byte
{
    /// <summary>Asks for a <see cref="Pong"/> with the same nonce.</summary>
    Ping = 1,

    /// <summary>The answer to the latest <see cref="Ping"/>.</summary>
    Pong = 2,

    /// <summary>The offset up to which the peer's sequence has been received.</summary>
    Ack = 3,

    /// <summary>An exchange, and the offset of its data up to which the peer may send.</summary>
    Credit = 4,

    /// <summary>The highest exchange that will be served, and why no more are.</summary>
    GoAway = 5,

    /// <summary>The session is over, and why.</summary>
    Close = 6,
}
