using System.Net.WebSockets;

namespace Tunnel.BenchApp.Soak;

/// <summary>
/// The WebSocket traffic of the soak, the same at both ends: so many messages each way at the same time, of which every second one is text,
/// all of them different in length and content.
/// </summary>
internal static class NumberedMessages
{
    /// <summary>With which the visitor closes, having got everything.</summary>
    public const WebSocketCloseStatus VisitorCloses = (WebSocketCloseStatus)4321;

    /// <summary>With which the app answers the close, having got everything.</summary>
    public const WebSocketCloseStatus AppCloses = (WebSocketCloseStatus)4322;

    private const int MostBytes = 20_000;

    public static async Task SendAsync(WebSocket socket, long seed, int count, CancellationToken cancellationToken)
    {
        for (var number = 0; number < count; number++)
        {
            if (number % 4 == 0)
            {
                await Task.Delay(20, cancellationToken);
            }

            await socket.SendAsync(Content(seed, number), Type(number), endOfMessage: true, cancellationToken);
        }
    }

    /// <exception cref="InvalidDataException">One is missing, comes twice, or is changed.</exception>
    public static async Task ReceiveAsync(WebSocket socket, long seed, int count, CancellationToken cancellationToken)
    {
        var buffer = new byte[MostBytes + 1];
        for (var number = 0; number < count; number++)
        {
            var length = 0;
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                length += received.Count;
                if (received.MessageType != Type(number))
                {
                    throw new InvalidDataException($"Message {number} of {count} is {received.MessageType} ({socket.CloseStatus} {socket.CloseStatusDescription}), not {Type(number)}.");
                }

                if (received.EndOfMessage)
                {
                    break;
                }
            }

            if (!buffer.AsSpan(0, length).SequenceEqual(Content(seed, number)))
            {
                throw new InvalidDataException($"Message {number} of {count}, with {length} bytes, is not what was sent.");
            }
        }
    }

    /// <summary>The bytes of all messages of one direction.</summary>
    public static long Length(long seed, int count) => Enumerable.Range(0, count).Sum(number => (long)Content(seed, number).Length);

    private static WebSocketMessageType Type(int number) =>
        number % 2 == 0 ? WebSocketMessageType.Text : WebSocketMessageType.Binary;

    private static byte[] Content(long seed, int number)
    {
        var content = new byte[unchecked((uint)((seed * 31) + (number * 7919L))) % MostBytes];
        SeededBytes.Fill(seed + number, 0, content);
        if (number % 2 == 0)
        {
            for (var i = 0; i < content.Length; i++)
            {
                content[i] = (byte)(' ' + (content[i] & 63)); // text has to be UTF-8
            }
        }

        return content;
    }
}
