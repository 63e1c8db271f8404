namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>No connection to the target could be made.</summary>
internal sealed class OriginUnreachableException(Exception reason) : IOException("The target cannot be reached.", reason);
