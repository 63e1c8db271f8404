namespace Tunnel.Wire;

/// <summary>The peer sent bytes that the protocol does not allow, and would send them again on the next link: the session is over.</summary>
internal sealed class WireFormatException(string message) : IOException(message);
