using System.Net.WebSockets;
using System.Text.Json;

namespace Tunnel.Wire.Registration;

/// <summary>Sends and receives registration messages on a WebSocket that carries no frames yet.</summary>
internal sealed class RegistrationChannel(WebSocket socket)
{
    /// <summary>A token has at most 4 KiB; what one unknown peer can make us hold is this.</summary>
    private const int MaxMessageSize = 16 * 1024;

    public ValueTask SendAsync(RegistrationMessage message, CancellationToken cancellationToken)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, RegistrationJson.Default.RegistrationMessage);
        return socket.SendAsync(bytes.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
    }

    /// <summary>Receives one message.</summary>
    /// <exception cref="WireFormatException">The peer sent something else, or closed the link.</exception>
    public async ValueTask<RegistrationMessage> ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxMessageSize];
        var length = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (result.MessageType != WebSocketMessageType.Text)
            {
                throw new WireFormatException("The peer closed the link, or sent a binary message, before the registration was complete.");
            }

            length += result.Count;
            if (result.EndOfMessage)
            {
                return Parse(buffer.AsSpan(0, length));
            }

            if (length == buffer.Length)
            {
                throw new WireFormatException("A registration message is too large.");
            }
        }
    }

    private static RegistrationMessage Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, RegistrationJson.Default.RegistrationMessage)
                ?? throw new WireFormatException("A registration message is empty.");
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new WireFormatException("A registration message is not what the protocol says.");
        }
    }
}
