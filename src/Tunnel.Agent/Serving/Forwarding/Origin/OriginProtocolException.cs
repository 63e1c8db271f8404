namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>The target's answer breaks HTTP, or broke off.</summary>
internal sealed class OriginProtocolException(string message) : IOException(message);
