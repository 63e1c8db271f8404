using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>An HTTP/2 visitor without TLS that sends exactly the fields and frames it is told to (RFC 9113), and reads frames.</summary>
internal sealed class RawHttp2 : IDisposable
{
    private const int Headers = 1;
    private const int Reset = 3;
    private const int Settings = 4;
    private const int GoAway = 7;
    private const int WindowUpdate = 8;
    private const byte EndHeaders = 4;
    private readonly TcpClient _client = new() { NoDelay = true };
    private NetworkStream _stream = null!;

    public static async Task<RawHttp2> OpenAsync(Uri server)
    {
        var connection = new RawHttp2();
        await connection._client.ConnectAsync(server.Host, server.Port, TestContext.Current.CancellationToken);
        connection._stream = connection._client.GetStream();
        await connection._stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());

        // Windows that never hold anything up: of each stream, and of the connection.
        await connection.SendAsync(Settings, 0, 0, [0, 4, 0x7f, 0xff, 0xff, 0xff]);
        await connection.SendAsync(WindowUpdate, 0, 0, [0x7f, 0, 0, 0]);
        return connection;
    }

    public static (string Name, string Value)[] Fields(string method, Way way, string target) =>
        [(":method", method), (":scheme", "http"), (":authority", way.Host), (":path", way.Prefix + target)];

    /// <summary>Opens a stream; numbers are odd and grow.</summary>
    public Task SendHeadAsync(int stream, bool end, params (string Name, string Value)[] fields)
    {
        // Each a literal with a new name, not indexed and not compressed (RFC 7541 section 6.2.2).
        var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0);
            Write(block, name);
            Write(block, value);
        }

        return SendAsync(Headers, (byte)(EndHeaders | (end ? Http2Frame.EndStream : 0)), stream, block.ToArray());
    }

    /// <summary>In frames of at most 16 KiB, which is what every server takes.</summary>
    public async Task SendDataAsync(int stream, byte[] data, bool end = false)
    {
        const int Largest = 16 * 1024;
        for (var at = 0; at < data.Length || at == 0; at += Largest)
        {
            var isLast = at + Largest >= data.Length;
            await SendAsync(Http2Frame.Data, end && isLast ? Http2Frame.EndStream : (byte)0, stream, data[at..Math.Min(data.Length, at + Largest)]);
        }
    }

    public Task ResetAsync(int stream, int code) => SendAsync(Reset, 0, stream, [0, 0, 0, (byte)code]);

    /// <summary>Reads a stream to its end: its body, and whether it ended well or by which code.</summary>
    public async Task<(string Status, byte[] Body)> ReadStreamAsync(int stream, Action? onData = null)
    {
        var (status, body) = (string.Empty, new MemoryStream());
        while (true)
        {
            var frame = await ReadAsync();
            if (frame.Stream != stream && frame.Type != GoAway)
            {
                continue;
            }

            switch (frame.Type)
            {
                case Headers when status.Length == 0:
                    status = StatusOf(frame.Payload);
                    break;
                case Http2Frame.Data:
                    body.Write(frame.Payload);
                    onData?.Invoke();
                    break;
                case GoAway:
                    return ($"{status} connection closed {BinaryPrimitives.ReadInt32BigEndian(frame.Payload.AsSpan(4))} {Encoding.ASCII.GetString(frame.Payload.AsSpan(8))}", body.ToArray());
                case Reset:
                    return ($"{status} reset {BinaryPrimitives.ReadInt32BigEndian(frame.Payload)}", body.ToArray());
            }

            if (frame.IsEnd)
            {
                return (status, body.ToArray());
            }
        }
    }

    /// <summary>The next frame; acknowledges settings on its way.</summary>
    public async Task<Http2Frame> ReadAsync()
    {
        while (true)
        {
            var head = new byte[9];
            await _stream.ReadExactlyAsync(head, TestContext.Current.CancellationToken);
            var payload = new byte[head[0] << 16 | head[1] << 8 | head[2]];
            await _stream.ReadExactlyAsync(payload, TestContext.Current.CancellationToken);
            var frame = new Http2Frame(head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
            if (frame.Type != Settings)
            {
                return frame;
            }

            if (frame.Flags == 0)
            {
                await SendAsync(Settings, 1, 0, []);
            }
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task SendAsync(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        await _stream.WriteAsync(frame, TestContext.Current.CancellationToken);
    }

    /// <summary>Kestrel puts the status first: a number of the static table, or a literal (RFC 7541 appendix A).</summary>
    private static string StatusOf(byte[] block) => block[0] >= 0x88
        ? new[] { "200", "204", "206", "304", "400", "404", "500" }[block[0] - 0x88]
        : int.Parse(Encoding.ASCII.GetString(block.AsSpan(2, 3)), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);

    private static void Write(MemoryStream block, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var rest = bytes.Length;
        if (rest < 0x7f)
        {
            block.WriteByte((byte)rest);
        }
        else
        {
            block.WriteByte(0x7f);
            for (rest -= 0x7f; rest >= 0x80; rest >>= 7)
            {
                block.WriteByte((byte)(rest & 0x7f | 0x80));
            }

            block.WriteByte((byte)rest);
        }

        block.Write(bytes);
    }
}

/// <summary>A frame as it came.</summary>
internal sealed record Http2Frame(byte Type, byte Flags, int Stream, byte[] Payload)
{
    public const byte Data = 0;
    public const byte EndStream = 1;

    public bool IsEnd => Type is 0 or 1 && (Flags & EndStream) != 0;
}
