namespace Tunnel.Agent;

/// <summary>How an exchange through the tunnel ended.</summary>
public enum TunnelRequestOutcome
{
    /// <summary>Request and response went through in full.</summary>
    Completed,

    /// <summary>The visitor left, or the session with the relay was lost, before the end.</summary>
    Aborted,

    /// <summary>The app, or the server that is forwarded to, failed before the end.</summary>
    Failed,

    /// <summary>The server that is forwarded to could not be reached.</summary>
    TargetUnreachable,
}
