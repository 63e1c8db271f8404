using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>One end of an HTTP/1.1 connection that sends exactly the bytes it is told to: a visitor's, or with accepted sockets a server's.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start; // of what was received and not read yet
    private int _end;

    public RawConnection(TcpClient connected)
    {
        _client = connected;
        _client.NoDelay = true;
        _stream = connected.GetStream();
    }

    /// <summary>Whether anything has arrived that was not read yet.</summary>
    public bool HasData => _end > _start || _client.Available > 0;

    public static async Task<RawConnection> OpenAsync(Uri server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, TestContext.Current.CancellationToken);
        return new RawConnection(client);
    }

    /// <summary>One request on a connection of its own.</summary>
    public static async Task<RawResponse> RequestAsync(Uri server, string request)
    {
        using var connection = await OpenAsync(server);
        await connection.SendAsync(request);
        return await connection.ReadResponseAsync(isHead: request.StartsWith("HEAD ", StringComparison.Ordinal)).Soon();
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, TestContext.Current.CancellationToken);

    public Task SendChunkAsync(ReadOnlyMemory<byte> bytes) => SendAsync(
        (byte[])[.. Encoding.Latin1.GetBytes($"{bytes.Length:x}\r\n"), .. bytes.Span, .. "\r\n"u8]);

    /// <summary>The start line and the header lines, each with its end, without the empty line behind them.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            head.Append(line).Append("\r\n");
        }

        return head.ToString();
    }

    public async Task<RawResponse> ReadResponseAsync(bool isHead = false)
    {
        var lines = (await ReadHeadAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var status = int.Parse(lines[0].AsSpan(9, 3), CultureInfo.InvariantCulture);
        var response = new RawResponse(lines[0], status, [.. lines.Skip(1)]);
        return isHead || status is 204 or 304 or < 200 ? response
            : response with { Body = await ReadBodyAsync(response) ?? await ReadToEndAsync() };
    }

    /// <summary>A request with its body, as a server reads it.</summary>
    public async Task<RawResponse> ReadRequestAsync()
    {
        var lines = (await ReadHeadAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var request = new RawResponse(lines[0], 0, [.. lines.Skip(1)]);
        return request with { Body = await ReadBodyAsync(request) ?? [] };
    }

    /// <summary>A chunk's content; the last one's is empty, and the trailers behind it are left out.</summary>
    public async Task<byte[]> ReadChunkAsync()
    {
        var length = int.Parse((await ReadLineAsync()).Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (length == 0)
        {
            await ReadHeadAsync();
            return [];
        }

        var content = await ReadAsync(length);
        return (await ReadLineAsync()).Length == 0 ? content : throw new InvalidDataException("A chunk is longer than it says.");
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        var buffered = Take(bytes);
        await _stream.ReadExactlyAsync(bytes.AsMemory(buffered), TestContext.Current.CancellationToken);
        return bytes;
    }

    /// <summary>What is there, or comes next; 0 at the end of the connection.</summary>
    public async Task<int> ReadSomeAsync(Memory<byte> bytes) =>
        Take(bytes.Span) is > 0 and var buffered ? buffered : await _stream.ReadAsync(bytes, TestContext.Current.CancellationToken);

    /// <summary>Until the other end closes; a reset counts as closing.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        var bytes = new MemoryStream();
        try
        {
            bytes.Write(_buffer, _start, _end - _start);
            _start = _end;
            await _stream.CopyToAsync(bytes, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // The connection was reset.
        }

        return bytes.ToArray();
    }

    /// <summary>Nothing more comes from here; the other direction stays open.</summary>
    public void EndOutput() => _client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection with a reset, as a visitor's crash does.</summary>
    public void Reset()
    {
        // The socket's own end: the client's, and the stream's, would say farewell first.
        _client.Client.LingerState = new LingerOption(enable: true, 0);
        _client.Client.Dispose();
    }

    public void Dispose() => _client.Dispose();

    public async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            var received = _buffer.AsSpan(_start, _end - _start);
            var length = received.IndexOf((byte)'\n');
            line.Append(Encoding.Latin1.GetString(length < 0 ? received : received[..length]));
            if (length >= 0)
            {
                _start += length + 1;
                return line.ToString().TrimEnd('\r');
            }

            (_start, _end) = (0, 0);
            _end = await _stream.ReadAsync(_buffer, TestContext.Current.CancellationToken);
            if (_end == 0)
            {
                throw new EndOfStreamException($"The connection was closed after '{line}'.");
            }
        }
    }

    /// <summary>Null when the message's head does not say where its body ends.</summary>
    private async Task<byte[]?> ReadBodyAsync(RawResponse message)
    {
        if (message.Header("Transfer-Encoding") == "chunked")
        {
            var body = new MemoryStream();
            while (await ReadChunkAsync() is { Length: > 0 } chunk)
            {
                body.Write(chunk);
            }

            return body.ToArray();
        }

        return message.Header("Content-Length") is { } length ? await ReadAsync(int.Parse(length, CultureInfo.InvariantCulture)) : null;
    }

    private int Take(Span<byte> bytes)
    {
        var count = Math.Min(bytes.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(bytes);
        _start += count;
        return count;
    }
}

/// <summary>A response (or a request, without a status) as it came, with a chunked body put together.</summary>
internal sealed record RawResponse(string StatusLine, int Status, string[] Headers)
{
    public byte[] Body { get; init; } = [];

    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) => Headers
        .Where(header => header.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(header => header[(name.Length + 1)..].Trim())
        .FirstOrDefault();
}
