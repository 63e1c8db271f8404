using System.Buffers;
using System.Runtime.CompilerServices;
using System.Net.WebSockets;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Registration;

namespace Tunnel.Wire.Session;

/// <summary>
/// A link over a WebSocket: one binary message per send. No token ever reaches a pending send or receive, because cancelling either
/// aborts the socket.
/// </summary>
internal sealed class WebSocketLink(WebSocket socket, TimeProvider time) : IRegistrationLink
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);
    private byte[]? _buffer; // owned by the receiving loop, held only while a message is being read

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync()
    {
        ReturnBuffer();

        // A read of zero bytes waits without consuming, so an idle link holds no buffer.
        var arrived = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
        if (arrived.MessageType == WebSocketMessageType.Close)
        {
            return default;
        }

        if (arrived.EndOfMessage)
        {
            throw Unfit(); // with nothing in it; it is consumed, and what comes next may be long in coming
        }

        _buffer = ArrayPool<byte>.Shared.Rent(WireDefaults.MaxMessageSize);
        var length = 0;
        while (true)
        {
            var result = await socket
                .ReceiveAsync(_buffer.AsMemory(length, WireDefaults.MaxMessageSize - length), CancellationToken.None)
                .ConfigureAwait(false);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return default;
            }

            length += result.Count;
            if (result.EndOfMessage)
            {
                if (result.MessageType != WebSocketMessageType.Binary || length == 0)
                {
                    throw Unfit();
                }

                return _buffer.AsMemory(0, length);
            }

            if (length == WireDefaults.MaxMessageSize)
            {
                throw new LinkException("A message on the link is larger than the protocol allows.");
            }
        }
    }

    public ValueTask SendAsync(OutgoingMessage message) =>
        socket.SendAsync(message.Message, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

    public ValueTask SendTextAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken) =>
        socket.SendAsync(text, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    public async ValueTask<int> ReceiveTextAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer[length..], cancellationToken).ConfigureAwait(false);
            if (result.MessageType != WebSocketMessageType.Text)
            {
                throw new WireFormatException("The peer closed the link, or sent a binary message, before the registration was complete.");
            }

            length += result.Count;
            if (result.EndOfMessage)
            {
                return length;
            }

            if (length == buffer.Length)
            {
                throw new WireFormatException("A registration message is too large.");
            }
        }
    }

    public async Task CloseAsync()
    {
        try
        {
            // The receiving loop sees the peer's answer. An output close leaves the receive side as it is.
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                using var deadline = new CancellationTokenSource(CloseTimeout, time);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            socket.Abort();
        }
    }

    public void Abort() => socket.Abort();

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private static LinkException Unfit() => new("A message on the link is empty, or text.");

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
