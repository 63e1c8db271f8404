namespace Tunnel.Agent;

/// <summary>What a tunnel is doing.</summary>
public enum TunnelAgentState
{
    /// <summary>The app has not started the agent yet.</summary>
    NotStarted,

    /// <summary>Dialling the relay or registering with it, for the first time.</summary>
    Connecting,

    /// <summary>Visitors reach the app.</summary>
    Connected,

    /// <summary>The link was lost, or an attempt failed; the agent goes on trying for ever. Requests that were open at a loss wait for the link.</summary>
    Reconnecting,

    /// <summary>The app is stopping: open requests finish, new ones are not taken.</summary>
    Draining,

    /// <summary>The agent has stopped.</summary>
    Stopped,
}
