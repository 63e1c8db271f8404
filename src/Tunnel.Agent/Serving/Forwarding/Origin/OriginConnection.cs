using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>
/// One HTTP/1.1 connection to the target, used by one exchange at a time. The framework's own client is not used, because over HTTP/1.1
/// it reads no response before it has sent the whole request: an early answer or a stream both ways would wait for ever.
/// </summary>
internal sealed class OriginConnection(Socket socket, Stream stream) : IDisposable
{
    /// <summary>Largest response head taken from the target; what a link carries is about the same.</summary>
    public const int MaxHeadSize = 96 * 1024;

    public OriginInput Input { get; } = new(stream);

    public OriginOutput Output { get; } = new(stream, stream is SslStream ? null : socket);

    /// <summary>When it was given back to the pool.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether the target has sent anything for the present request.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>
    /// Begins to read the response before the request is sent. Returns <see langword="false"/> when there is something already: on a
    /// connection without a request that is its end, or an answer to nothing.
    /// </summary>
    public bool TryBeginReading() => !Input.BeginRead();

    /// <summary>Whether more than the response came with it; such a connection is not used again. What comes later is seen by the next <see cref="TryBeginReading"/>.</summary>
    public bool HasLeftovers => !Input.Unread.IsEmpty;

    /// <exception cref="IOException">The connection ended first, or what came is no response head.</exception>
    public async ValueTask<OriginResponseHead> ReadHeadAsync()
    {
        while (true)
        {
            if (TryTakeHead(out var head))
            {
                return head;
            }

            if (!await Input.ReadAsync().ConfigureAwait(false))
            {
                throw new OriginProtocolException("The target closed the connection before it answered.");
            }

            HasAnswered = true;
        }
    }

    /// <summary>
    /// Waits for the rest of a request that the target has answered. Returns <see langword="false"/>, and earlier, if the target closes
    /// the connection or sends what nobody asked for.
    /// </summary>
    public async Task<bool> StaysOpenWhileAsync(Task uploading)
    {
        // A read that is still under way then will be the next response's.
        var reading = Input.WhenReadAsync();
        await Task.WhenAny(uploading, reading).ConfigureAwait(false);
        return !reading.IsCompleted;
    }

    /// <summary>Makes it ready for the next request.</summary>
    public void Rest(long now)
    {
        IdleSince = now;
        HasAnswered = false;
        Input.Rest();
    }

    /// <summary>Tells the target that nothing more comes, while its own direction stays open; unless the connection is over already.</summary>
    public async ValueTask TryEndOutputAsync()
    {
        try
        {
            if (stream is SslStream tls)
            {
                await tls.ShutdownAsync().ConfigureAwait(false);
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The target has closed both directions, or the exchange was given up.
        }
    }

    /// <summary>Ends the connection at once; pending reads and writes fail. May be called beside them.</summary>
    public void Abort() => socket.Dispose();

    /// <summary>Only when no read or write is pending.</summary>
    public void Dispose()
    {
        socket.Dispose();
        stream.Dispose();
        Input.Dispose();
        Output.Clear();
    }

    private bool TryTakeHead([NotNullWhen(true)] out OriginResponseHead? head)
    {
        head = null;
        var unread = Input.Unread.Span;
        var rest = unread;
        if (rest.IsEmpty)
        {
            return false;
        }

        if (OriginResponseHead.TryRead(ref rest, out head))
        {
            Input.Consume(unread.Length - rest.Length);
            return true;
        }

        return unread.Length <= MaxHeadSize ? false : throw new OriginProtocolException("The target's response head is too large.");
    }
}
