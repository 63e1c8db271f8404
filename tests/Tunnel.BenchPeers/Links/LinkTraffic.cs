using System.Buffers.Binary;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.BenchPeers.Links;

/// <summary>
/// Both ends of a conversation on a bare link. A message of eight bytes is an order: how many bytes follow (positive) or are to be sent
/// (negative). Other messages outside an order are pings, and come back.
/// </summary>
internal sealed class LinkTraffic(ILink link)
{
    private const int OrderLength = sizeof(long);
    private const int PingLength = 64;

    // As large as the messages of a session on a fast link.
    private readonly byte[] _memory = new byte[OutgoingMessage.HeaderRoom + (64 * 1024)];

    public async Task ServeAsync()
    {
        while (await link.ReceiveAsync() is { IsEmpty: false } message)
        {
            if (message.Length != OrderLength)
            {
                message.CopyTo(_memory.AsMemory(OutgoingMessage.HeaderRoom));
                await SendAsync(message.Length);
                continue;
            }

            var order = BinaryPrimitives.ReadInt64BigEndian(message.Span);
            if (order < 0)
            {
                await SendBytesAsync(-order);
                continue;
            }

            await ReceiveBytesAsync(order);
            await OrderAsync(0);
        }

        await link.CloseAsync();
    }

    /// <summary>Sends bytes and waits until they have been received.</summary>
    public async Task SendAllAsync(long bytes)
    {
        await OrderAsync(bytes);
        await SendBytesAsync(bytes);
        await ReceiveBytesAsync(OrderLength);
    }

    /// <summary>Asks for bytes and receives them.</summary>
    public async Task FetchAsync(long bytes)
    {
        await OrderAsync(-bytes);
        await ReceiveBytesAsync(bytes);
    }

    public async Task PingAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await SendAsync(PingLength);
            await ReceiveBytesAsync(PingLength);
        }
    }

    private ValueTask OrderAsync(long order)
    {
        BinaryPrimitives.WriteInt64BigEndian(_memory.AsSpan(OutgoingMessage.HeaderRoom), order);
        return SendAsync(OrderLength);
    }

    private async Task SendBytesAsync(long bytes)
    {
        var length = _memory.Length - OutgoingMessage.HeaderRoom;
        for (long sent = 0; sent < bytes; sent += length)
        {
            await SendAsync(length);
        }
    }

    private async Task ReceiveBytesAsync(long bytes)
    {
        for (long received = 0; received < bytes;)
        {
            var message = await link.ReceiveAsync();
            received += message.IsEmpty ? throw new EndOfStreamException("The link was closed.") : message.Length;
        }
    }

    private ValueTask SendAsync(int length) =>
        link.SendAsync(new OutgoingMessage(_memory.AsMemory(0, OutgoingMessage.HeaderRoom + length)));
}
