using Tunnel.Wire.Codec;

namespace Tunnel.Wire.Session;

/// <summary>
/// Carries messages between two sessions: an upgraded connection, a WebSocket, and in the tests faulty links as well. One receive and one
/// send may be pending at a time.
/// </summary>
internal interface ILink : IAsyncDisposable
{
    /// <summary>Waits, without holding memory, until a message has begun to arrive, then reads the whole of it.</summary>
    /// <returns>The message, valid until the next call, or an empty one when the peer closed the link.</returns>
    ValueTask<ReadOnlyMemory<byte>> ReceiveAsync();

    ValueTask SendAsync(OutgoingMessage message);

    /// <summary>Tells the peer that nothing more comes. Never fails; a peer that takes nothing for a short time is given up.</summary>
    Task CloseAsync();

    /// <summary>Ends the link at once; pending calls fail.</summary>
    void Abort();
}
