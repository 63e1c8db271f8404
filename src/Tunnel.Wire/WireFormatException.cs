namespace Tunnel.Wire;

/// <summary>The peer sent bytes that the protocol does not allow. The link is closed.</summary>
internal sealed class WireFormatException(string message) : IOException(message);
