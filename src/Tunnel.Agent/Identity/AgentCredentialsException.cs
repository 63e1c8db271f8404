namespace Tunnel.Agent.Identity;

/// <summary>The file with the agent's key cannot be used. The message is for the agent's owner and says what to do.</summary>
internal sealed class AgentCredentialsException(string message, Exception? inner = null) : InvalidOperationException(message, inner);
