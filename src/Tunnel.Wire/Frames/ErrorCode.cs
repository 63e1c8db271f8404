namespace Tunnel.Wire.Frames;

/// <summary>Why an exchange was reset or stopped.</summary>
internal enum ErrorCode : byte
{
    /// <summary>The rest is not needed; nothing went wrong.</summary>
    None = 0,

    /// <summary>The visitor or the app gave up.</summary>
    Cancelled = 1,

    /// <summary>The app, or the server behind the agent, failed.</summary>
    Failed = 2,

    /// <summary>The server that the agent forwards to cannot be reached.</summary>
    TargetUnreachable = 3,

    /// <summary>The agent takes no new exchanges, or has too many; this one was not handed to the app.</summary>
    Refused = 4,

    /// <summary>The peer broke the protocol; the session is over.</summary>
    ProtocolError = 5,

    /// <summary>A planned end: the peer stops or restarts.</summary>
    Going = 6,

    /// <summary>A code of a later version. Never sent.</summary>
    Unknown = 254,

    /// <summary>The session is lost. Never on the wire.</summary>
    LinkLost = 255,
}
