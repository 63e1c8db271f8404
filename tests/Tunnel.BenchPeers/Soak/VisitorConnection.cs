using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Tunnel.BenchPeers.Soak;

/// <summary>
/// A visitor's keep-alive HTTP/1.1 connection. It never sends anything twice, where HttpClient repeats a request on a broken connection by
/// itself and so would hide a failure. Request and response may be under way at the same time.
/// </summary>
internal sealed class VisitorConnection(Uri relay) : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private long _left; // of the body, or of its current chunk
    private bool _isChunked;
    private bool _isOver;

    /// <summary>Bytes of bodies that came, for a failure to tell how far it got.</summary>
    public long Received { get; private set; }

    public long Sent { get; private set; }

    /// <summary>Whether the last response has ended in order, so that the next may follow.</summary>
    public bool IsReusable { get; private set; }

    public async Task ConnectAsync(CancellationToken cancellationToken) =>
        await _socket.ConnectAsync(relay.Host, relay.Port, cancellationToken);

    public Task SendHeadAsync(string method, string path, CancellationToken cancellationToken, params string[] headers)
    {
        (Received, Sent, IsReusable) = (0, 0, false);
        string[] lines = [$"{method} {path} HTTP/1.1", $"Host: {relay.Authority}", .. headers, "", ""];
        return SendAllAsync(Encoding.ASCII.GetBytes(string.Join("\r\n", lines)), cancellationToken);
    }

    public async Task SendBodyAsync(ReadOnlyMemory<byte> piece, bool chunked, CancellationToken cancellationToken)
    {
        if (chunked)
        {
            var size = Encoding.ASCII.GetBytes(piece.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
            await SendAllAsync(size, cancellationToken);
        }

        await SendAllAsync(piece, cancellationToken);
        Sent += piece.Length;
        if (chunked)
        {
            await SendAllAsync("\r\n"u8.ToArray(), cancellationToken);
        }
    }

    public Task EndChunksAsync(CancellationToken cancellationToken) => SendAllAsync("0\r\n\r\n"u8.ToArray(), cancellationToken);

    /// <exception cref="InvalidDataException">The answer is not a 200.</exception>
    public async Task ReceiveHeadAsync(CancellationToken cancellationToken)
    {
        var status = await ReceiveLineAsync(cancellationToken);
        var headers = new List<string>();
        while (await ReceiveLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            headers.Add(line);
        }

        var length = Header(headers, "Content-Length");
        _isChunked = length is null;
        if (_isChunked && Header(headers, "Transfer-Encoding") != "chunked")
        {
            throw new InvalidDataException($"The answer '{status}' has no framing: {string.Join(" | ", headers)}");
        }

        _left = length is null ? 0 : long.Parse(length, CultureInfo.InvariantCulture);
        _isOver = false;
        if (!status.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
        {
            var text = Encoding.UTF8.GetString(await ReceiveAllAsync(cancellationToken)).ReplaceLineEndings(" ");
            throw new InvalidDataException($"The answer was '{status}': {text[..Math.Min(text.Length, 300)]}");
        }
    }

    /// <summary>Some bytes of the body; 0 at its end.</summary>
    public async ValueTask<int> ReceiveAsync(Memory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!_isOver && _left == 0 && (!_isChunked || !await BeginChunkAsync(cancellationToken)))
        {
            _isOver = IsReusable = true;
        }

        if (_isOver)
        {
            return 0;
        }

        await FillAsync(cancellationToken);
        var count = (int)Math.Min(Math.Min(bytes.Length, _end - _start), _left);
        _buffer.AsMemory(_start, count).CopyTo(bytes);
        _start += count;
        _left -= count;
        Received += count;
        if (_isChunked && _left == 0 && await ReceiveLineAsync(cancellationToken) is { Length: > 0 } wrong)
        {
            throw new InvalidDataException($"A chunk goes on with '{wrong}'.");
        }

        return count;
    }

    public async Task<byte[]> ReceiveAllAsync(CancellationToken cancellationToken)
    {
        var all = new MemoryStream();
        var piece = new byte[8 * 1024];
        int count;
        while ((count = await ReceiveAsync(piece, cancellationToken)) > 0)
        {
            all.Write(piece, 0, count);
        }

        return all.ToArray();
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask<bool> BeginChunkAsync(CancellationToken cancellationToken)
    {
        _left = long.Parse(await ReceiveLineAsync(cancellationToken), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (_left > 0)
        {
            return true;
        }

        while (await ReceiveLineAsync(cancellationToken) is { Length: > 0 })
        {
            // Trailers.
        }

        return false;
    }

    private async ValueTask<string> ReceiveLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            await FillAsync(cancellationToken);
            var next = (char)_buffer[_start++];
            if (next == '\n')
            {
                return line.ToString();
            }

            if (next != '\r')
            {
                line.Append(next);
            }
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            _start = 0;
            _end = await _socket.ReceiveAsync(_buffer, cancellationToken);
            if (_end == 0)
            {
                throw new EndOfStreamException("The relay closed the connection.");
            }
        }
    }

    private async Task SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, cancellationToken)..];
        }
    }

    private static string? Header(List<string> headers, string name) => headers
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}
