using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>An HTTP/1.1 visitor that sends exactly the bytes it is told to.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private NetworkStream _stream = null!;

    /// <summary>Whether anything has arrived that was not read yet.</summary>
    public bool HasData => _client.Available > 0;

    public static async Task<RawConnection> OpenAsync(Uri server)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync(server.Host, server.Port, TestContext.Current.CancellationToken);
        connection._stream = connection._client.GetStream();
        return connection;
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
        if (isHead || status is 204 or 304 or < 200)
        {
            return response;
        }

        if (response.Header("Transfer-Encoding") == "chunked")
        {
            var body = new MemoryStream();
            while (await ReadChunkAsync() is { Length: > 0 } chunk)
            {
                body.Write(chunk);
            }

            return response with { Body = body.ToArray() };
        }

        return response.Header("Content-Length") is { } length
            ? response with { Body = await ReadAsync(int.Parse(length, CultureInfo.InvariantCulture)) }
            : response with { Body = await ReadToEndAsync() };
    }

    /// <summary>A chunk's content; the last one's is empty.</summary>
    public async Task<byte[]> ReadChunkAsync()
    {
        var length = int.Parse((await ReadLineAsync())!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var content = await ReadAsync(length);
        await ReadAsync(2);
        return content;
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        return bytes;
    }

    /// <summary>Until the server closes; a reset counts as closing.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        var bytes = new MemoryStream();
        try
        {
            await _stream.CopyToAsync(bytes, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // The connection was reset.
        }

        return bytes.ToArray();
    }

    /// <summary>Ends the connection with a reset, as a visitor's crash does.</summary>
    public void Reset()
    {
        _client.Client.LingerState = new LingerOption(enable: true, 0);
        _client.Close();
    }

    public void Dispose() => _client.Dispose();

    private async Task<string?> ReadLineAsync()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await _stream.ReadAsync(one, TestContext.Current.CancellationToken) == 1)
        {
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }

        throw new EndOfStreamException($"The server closed the connection after '{line}'.");
    }
}

/// <summary>A response as it came, with a chunked body put together.</summary>
internal sealed record RawResponse(string StatusLine, int Status, string[] Headers)
{
    public byte[] Body { get; init; } = [];

    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) => Headers
        .Where(header => header.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(header => header[(name.Length + 1)..].Trim())
        .FirstOrDefault();

    /// <summary>
    /// Everything a visitor could tell two servers apart by, but the time, whether the connection stays open, and how the end of an
    /// empty body is marked.
    /// </summary>
    public string Comparable()
    {
        var headers = Headers
            .Select(header => Body.Length == 0 && header == "Transfer-Encoding: chunked" ? "Content-Length: 0" : header)
            .Where(header => !header.StartsWith("Date:", StringComparison.OrdinalIgnoreCase)
                && !header.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase))
            .ToArray();
        return string.Join('\n', headers
            .Select(header => header[..header.IndexOf(':', StringComparison.Ordinal)])
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.OrdinalIgnoreCase)
            .SelectMany(name => headers.Where(header => header.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)))
            .Prepend(StatusLine)
            .Append(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Body))));
    }
}
