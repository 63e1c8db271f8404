using System.IO.Pipelines;
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

    // A read of zero bytes waits for data without a buffer, so a silent event stream costs none.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 32 * 1024, minimumReadSize: 4096, leaveOpen: true, useZeroByteReads: true);

    public PipeReader Input { get; } = PipeReader.Create(stream, ReaderOptions);

    public OriginOutput Output { get; } = new(stream);

    /// <summary>When it was given back to the pool.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether the target has sent anything for the present request.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>On a connection without a request, anything to read is its end, or an answer to nothing.</summary>
    public bool IsStale => socket.Poll(0, SelectMode.SelectRead);

    /// <exception cref="IOException">The connection ended first, or what came is no response head.</exception>
    public async ValueTask<OriginResponseHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            HasAnswered |= !buffer.IsEmpty;
            if (OriginResponseHead.TryRead(ref buffer, out var head))
            {
                Input.AdvanceTo(buffer.Start);
                return head!;
            }

            if (result.IsCompleted || buffer.Length > MaxHeadSize)
            {
                throw new OriginProtocolException(
                    result.IsCompleted ? "The target closed the connection before it answered." : "The target's response head is too large.");
            }

            Input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>Whether the target sent more than its response; such a connection is not used again.</summary>
    public bool HasLeftovers()
    {
        if (!Input.TryRead(out var result))
        {
            return false;
        }

        Input.AdvanceTo(result.Buffer.Start);
        return true;
    }

    /// <summary>
    /// Waits for the rest of a request that the target has answered. Returns <see langword="false"/>, and earlier, if the target closes
    /// the connection or sends what nobody asked for.
    /// </summary>
    public async Task<bool> StaysOpenWhileAsync(Task uploading)
    {
        var reading = Input.ReadAsync(CancellationToken.None).AsTask();
        if (await Task.WhenAny(uploading, reading).ConfigureAwait(false) == uploading)
        {
            Input.CancelPendingRead(); // it has waited with a buffer of nothing, so nothing is lost
        }

        try
        {
            var result = await reading.ConfigureAwait(false);
            Input.AdvanceTo(result.Buffer.Start);
            return result.IsCanceled;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Makes it ready for the next request.</summary>
    public void Rest(long now)
    {
        IdleSince = now;
        HasAnswered = false;
    }

    /// <summary>Tells the target that nothing more comes, while its own direction stays open.</summary>
    public async ValueTask EndOutputAsync()
    {
        if (stream is SslStream tls)
        {
            await tls.ShutdownAsync().ConfigureAwait(false);
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Ends the connection at once; pending reads and writes fail. May be called beside them.</summary>
    public void Abort() => socket.Dispose();

    /// <summary>Only when no read or write is pending.</summary>
    public void Dispose()
    {
        socket.Dispose();
        stream.Dispose();
        Input.Complete();
        Output.Clear();
    }
}
