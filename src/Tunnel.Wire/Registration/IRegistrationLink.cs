using Tunnel.Wire.Session;

namespace Tunnel.Wire.Registration;

/// <summary>A fresh link, on which texts go to and fro before it carries a session. Cancelling a call ends the link.</summary>
internal interface IRegistrationLink : ILink
{
    ValueTask SendTextAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken);

    /// <summary>Receives one text into the buffer.</summary>
    /// <returns>Its length.</returns>
    /// <exception cref="WireFormatException">The peer sent something else or too much, or closed the link.</exception>
    ValueTask<int> ReceiveTextAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
