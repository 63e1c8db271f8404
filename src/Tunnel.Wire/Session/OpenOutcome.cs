namespace Tunnel.Wire.Session;

/// <summary>What became of the wish to open an exchange. Nothing was handed to a link unless it says <see cref="Opened"/>.</summary>
internal enum OpenOutcome
{
    Opened,

    /// <summary>The session is between two links, or its log is full; <see cref="TunnelSession.Changed"/> tells when to try again.</summary>
    NotNow,

    /// <summary>As many exchanges are open as the protocol allows.</summary>
    TooMany,

    /// <summary>The process's memory budget has nothing left for the response.</summary>
    NoMemory,

    /// <summary>The session drains or is over; another one has to serve the request.</summary>
    Leaving,
}
