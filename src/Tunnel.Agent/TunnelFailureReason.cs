namespace Tunnel.Agent;

/// <summary>Kinds of failure to connect.</summary>
public enum TunnelFailureReason
{
    /// <summary>The relay could not be reached: no route, refused connection, name not found, TLS failure, time-out.</summary>
    Unreachable,

    /// <summary>Something answered at the relay's address, but it is no relay, speaks no common protocol version, or got the request through a proxy that does not pass upgrades.</summary>
    NotARelay,

    /// <summary>The relay does not accept this agent's key or token.</summary>
    KeyRefused,

    /// <summary>The slug belongs to somebody else.</summary>
    SlugTaken,

    /// <summary>The slug is invalid, reserved, or not allowed for this agent.</summary>
    SlugRefused,

    /// <summary>The relay is overloaded or shutting down and said when to come back.</summary>
    Overloaded,

    /// <summary>The link was lost after the tunnel had been connected. Open requests go on when it is back in time.</summary>
    LinkLost,

    /// <summary>What answered at the relay's address does not hold the key that <see cref="TunnelAgentOptions.RelayKey"/> names.</summary>
    RelayKeyMismatch,

    /// <summary>The same key runs twice at the same time, and both ask for the same slug.</summary>
    DuplicateInstance,
}
