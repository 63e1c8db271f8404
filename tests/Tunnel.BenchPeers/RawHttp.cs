using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Tunnel.BenchPeers;

/// <summary>
/// A keep-alive HTTP/1.1 connection on a blocking socket: it costs one system call a piece and no thread hop, so that the load
/// generator takes as little as it can from the machine that it shares with what it measures. Only bodies with a Content-Length.
/// </summary>
internal sealed class RawHttp : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _head = new byte[32 * 1024];
    private int _start;
    private int _end;

    /// <param name="url">The server.</param>
    /// <param name="patience">How long a server may stall before that is reported, or null for 30 s.</param>
    public RawHttp(Uri url, TimeSpan? patience = null)
    {
        _socket.NoDelay = true;
        _socket.ReceiveTimeout = _socket.SendTimeout = (int)(patience ?? TimeSpan.FromSeconds(30)).TotalMilliseconds;
        _socket.Connect(url.Host, url.Port);
    }

    public static byte[] Head(string method, Uri url, params string[] headers)
    {
        string[] lines = [$"{method} {url.PathAndQuery} HTTP/1.1", $"Host: {url.Authority}", .. headers, "", ""];
        return Encoding.ASCII.GetBytes(string.Join("\r\n", lines));
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    /// <summary>Reads a response's head and returns the length of the body that follows.</summary>
    public long ReceiveHead()
    {
        int length;
        while ((length = _head.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (_start > 0)
            {
                _head.AsSpan(_start, _end - _start).CopyTo(_head);
                (_start, _end) = (0, _end - _start);
            }

            _end += Filled(_socket.Receive(_head.AsSpan(_end)));
        }

        var head = Encoding.ASCII.GetString(_head, _start, length);
        _start += length + 4;
        return BodyLength(head);
    }

    /// <summary>Reads the next bytes of the body, at most as many as fit.</summary>
    public int Receive(Span<byte> buffer)
    {
        var kept = Math.Min(_end - _start, buffer.Length);
        if (kept == 0)
        {
            return Filled(_socket.Receive(buffer));
        }

        _head.AsSpan(_start, kept).CopyTo(buffer);
        _start += kept;
        return kept;
    }

    public void ReceiveExactly(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Receive(buffer)..];
        }
    }

    public void Dispose() => _socket.Dispose();

    private static int Filled(int count) =>
        count > 0 ? count : throw new EndOfStreamException("The server closed the connection.");

    private static long BodyLength(string head)
    {
        var lines = head.Split("\r\n");
        if (!lines[0].StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"The answer was '{lines[0]}'.");
        }

        const string Name = "Content-Length:";
        var line = lines.FirstOrDefault(line => line.StartsWith(Name, StringComparison.OrdinalIgnoreCase))
            ?? throw new InvalidDataException($"The answer has no Content-Length: {head}");
        return long.Parse(line.AsSpan(Name.Length), CultureInfo.InvariantCulture);
    }
}
