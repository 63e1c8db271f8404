namespace Tunnel.Relay.Storage;

/// <summary>The relay's data folder cannot be used. The message is for the relay's operator and says what to do.</summary>
internal sealed class RelayStorageException(string message, Exception? inner = null) : InvalidOperationException(message, inner);
