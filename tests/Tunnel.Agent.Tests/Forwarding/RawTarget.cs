using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tunnel.Agent.Tests.Forwarding;

/// <summary>A target that speaks in plain bytes, as each test says.</summary>
internal sealed class RawTarget : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<RawConnection, Task> _serve;
    private int _connections;

    public RawTarget(Func<RawConnection, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Authority => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public string Url => $"http://{Authority}";

    public int Connections => _connections;

    /// <summary>Answers every request with the same bytes and keeps the connection.</summary>
    public static RawTarget Answering(string response, Action<string>? onRequest = null) => new(async connection =>
    {
        while (await connection.ReadHeadAsync() is { Length: > 0 } head)
        {
            onRequest?.Invoke(head);
            await connection.WriteAsync(response);
        }
    });

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                Interlocked.Increment(ref _connections);
                _ = Task.Run(async () =>
                {
                    using var connection = new RawConnection(socket);
                    await _serve(connection);
                });
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }
}

internal sealed class RawConnection(Socket socket) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);

    /// <summary>Lets every write leave as a packet of its own.</summary>
    public void SendAtOnce() => socket.NoDelay = true;

    /// <summary>Reads up to and with the empty line; empty at the end of the connection.</summary>
    public Task<string> ReadHeadAsync() => ReadUntilAsync("\r\n\r\n");

    public async Task<string> ReadUntilAsync(string end)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (await ReadAsync(one) == 1)
        {
            text.Append((char)one[0]);
            if (text.Length >= end.Length && text.ToString(text.Length - end.Length, end.Length) == end)
            {
                break;
            }
        }

        return text.ToString();
    }

    /// <summary>Returns 0 at the end of the connection. A reset is one too: closing with unread data causes it.</summary>
    public async Task<int> ReadAsync(Memory<byte> buffer)
    {
        try
        {
            return await _stream.ReadAsync(buffer).InTime();
        }
        catch (IOException)
        {
            return 0;
        }
    }

    public Task WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    public Task WriteAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes).AsTask().InTime();

    public async Task AcceptTlsAsync(X509Certificate2 certificate)
    {
        await using var tls = new SslStream(_stream);
        await tls.AuthenticateAsServerAsync(certificate).InTime();
    }

    /// <summary>Closes so that the other side sees a reset.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    public void Dispose() => _stream.Dispose();
}
