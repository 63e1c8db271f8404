using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Tunnel.BenchPeers;

/// <summary>
/// Round trips of 64-byte messages. The frames are made once and compared byte for byte: a client that parses and masks every
/// message would use as much of the machine as the servers that it measures.
/// </summary>
internal static class WebSocketEcho
{
    private const int MessageLength = 64;

    public sealed record Result(long Messages, double Seconds)
    {
        public double MessagesPerSecond => Messages / Seconds;
    }

    public static async Task<Result> MeasureAsync(Uri url, int connections, long seconds)
    {
        // Continues on the thread that polls the sockets; has to be set before the first socket is used.
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        var sockets = new List<Socket>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds + 30));
        try
        {
            for (var i = 0; i < connections; i++)
            {
                sockets.Add(await ConnectAsync(url, limit.Token));
            }

            var clock = Stopwatch.StartNew();
            var counts = await Task.WhenAll(sockets.Select(socket => EchoAsync(socket, clock, seconds, limit.Token)));
            return new Result(counts.Sum(), clock.Elapsed.TotalSeconds);
        }
        catch (OperationCanceledException)
        {
            throw new IOException($"No end after {seconds + 30} s.");
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private static async Task<Socket> ConnectAsync(Uri url, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(url.Host, url.Port, cancellationToken);
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        await SendAsync(
            socket,
            RawHttp.Head(
                "GET", url, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", $"Sec-WebSocket-Key: {key}"),
            cancellationToken);

        // The server speaks only when spoken to, so what follows the head is not there yet.
        var head = new byte[8192];
        var length = 0;
        while (!head.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            length += await ReceiveAsync(socket, head.AsMemory(length), cancellationToken);
        }

        var text = Encoding.ASCII.GetString(head, 0, length);
        return text.StartsWith("HTTP/1.1 101", StringComparison.Ordinal)
            ? socket
            : throw new InvalidDataException($"No upgrade: {text}");
    }

    private static async Task<long> EchoAsync(Socket socket, Stopwatch clock, long seconds, CancellationToken cancellationToken)
    {
        var sent = ClientFrame();
        var expected = ServerFrame();
        var received = new byte[expected.Length];
        long count = 0;
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            await SendAsync(socket, sent, cancellationToken);
            for (var length = 0; length < received.Length;)
            {
                length += await ReceiveAsync(socket, received.AsMemory(length), cancellationToken);
            }

            if (!received.AsSpan().SequenceEqual(expected))
            {
                throw new InvalidDataException("The message came back changed.");
            }

            count++;
        }

        return count;
    }

    private static async ValueTask SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken)..];
        }
    }

    private static async ValueTask<int> ReceiveAsync(Socket socket, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = await socket.ReceiveAsync(buffer, cancellationToken);
        return count > 0 ? count : throw new EndOfStreamException("The server closed the connection.");
    }

    private static byte[] Payload() => [.. Enumerable.Range(0, MessageLength).Select(i => (byte)i)];

    private static byte[] ServerFrame() => [0x82, MessageLength, .. Payload()];

    private static byte[] ClientFrame()
    {
        byte[] mask = [0x12, 0x34, 0x56, 0x78];
        return [0x82, 0x80 | MessageLength, .. mask, .. Payload().Select((value, i) => (byte)(value ^ mask[i % 4]))];
    }
}
