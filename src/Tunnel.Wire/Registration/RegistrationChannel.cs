using System.Text.Json;

namespace Tunnel.Wire.Registration;

/// <summary>Sends and receives registration messages on a link that carries no frames yet.</summary>
internal sealed class RegistrationChannel(IRegistrationLink link)
{
    /// <summary>A token has at most 4 KiB; what one unknown peer can make us hold is this.</summary>
    private const int MaxMessageSize = 16 * 1024;

    public ValueTask SendAsync(RegistrationMessage message, CancellationToken cancellationToken) => link.SendTextAsync(
        JsonSerializer.SerializeToUtf8Bytes(message, RegistrationJson.Default.RegistrationMessage), cancellationToken);

    /// <summary>Receives one message.</summary>
    /// <exception cref="WireFormatException">The peer sent something else, or closed the link.</exception>
    public async ValueTask<RegistrationMessage> ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxMessageSize];
        var length = await link.ReceiveTextAsync(buffer, cancellationToken).ConfigureAwait(false);
        return Parse(buffer.AsSpan(0, length));
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
