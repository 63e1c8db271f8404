using System.Net.Sockets;
using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>Sends one request's head and body to the target, beside the reading of its response.</summary>
internal sealed class RequestUpload(Exchange exchange, OriginRequest request, OriginConnection connection, TimeProvider time)
{
    /// <summary>A target that does not know <c>Expect</c> never answers it; nobody waits for that for long (RFC 9110 section 10.1.1).</summary>
    private static readonly TimeSpan ContinueTimeout = TimeSpan.FromSeconds(1);

    // Null where nothing is waited for. Without a timer or a link to another token the source holds nothing that would have to be disposed.
    private readonly CancellationTokenSource? _stop = request.Line.HasBody ? new() : null;
    private readonly TaskCompletionSource<bool>? _goAhead =
        request.ExpectsContinue ? new(TaskCreationOptions.RunContinuationsAsynchronously) : null;

    private bool _bodyEnded;

    /// <summary>Whether the whole request went out. Read it when the task of <see cref="RunAsync"/> has ended.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>
    /// Runs until everything is sent, or until it cannot be. Never fails: what went wrong with the connection shows in the response, and
    /// a request that the visitor did not finish is cut short at the target too.
    /// </summary>
    public async Task RunAsync()
    {
        try
        {
            request.Write(connection.Output);
            if (_stop is not null && await MaySendBodyAsync(_stop.Token).ConfigureAwait(false))
            {
                await CopyBodyAsync(_stop.Token).ConfigureAwait(false);
            }

            await connection.Output.FlushAsync().ConfigureAwait(false);
            IsComplete = !request.Line.HasBody || _bodyEnded;
        }
        catch (BodyLengthException)
        {
            // The target must not take the next request for the missing rest of this one.
            connection.Abort();
        }
        catch (Exception exception) when (exception is ExchangeException or WireFormatException)
        {
            // The visitor's side broke its message off, perhaps that alone: the target learns it, and may still answer.
            await connection.TryEndOutputAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
        }
    }

    /// <summary>The target answered: with 100 (Continue), or finally, and then a refusal needs no body any more.</summary>
    public void OnAnswer(int statusCode) => _goAhead?.TrySetResult(statusCode < 300);

    /// <summary>Ends the waits for the visitor and for the target's permission. Those on the connection end when it is aborted.</summary>
    public Task StopAsync() => _stop?.CancelAsync() ?? Task.CompletedTask;

    private async ValueTask<bool> MaySendBodyAsync(CancellationToken cancellationToken)
    {
        if (_goAhead is null)
        {
            return true;
        }

        // Reading the body is what makes the relay ask the visitor for it, so not a byte is read before the target asks.
        await connection.Output.FlushAsync().ConfigureAwait(false);
        try
        {
            return await _goAhead.Task.WaitAsync(ContinueTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    private async Task CopyBodyAsync(CancellationToken cancellationToken)
    {
        var left = request.ContentLength;
        while (left is not 0)
        {
            if (!exchange.Input.TryRead(out var result))
            {
                // Nothing more is here now: what there is goes out before the wait.
                await connection.Output.FlushAsync().ConfigureAwait(false);
                result = await exchange.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            }

            left -= result.Buffer.Length;
            if (left < 0 || left > 0 && result.IsCompleted)
            {
                throw new BodyLengthException();
            }

            await connection.Output.SendAsync(result.Buffer, isChunk: left is null).ConfigureAwait(false);
            exchange.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted && left is null)
            {
                WriteLastChunk();
                break;
            }
        }

        _bodyEnded = true;
    }

    private void WriteLastChunk()
    {
        connection.Output.Write("0\r\n"u8);
        if (exchange.TryReadTrailers(out var trailers))
        {
            using (trailers)
            {
                var lines = trailers.Read();
                while (lines.TryHeader(out var name, out var value))
                {
                    connection.Output.WriteHeader(name, value);
                }
            }
        }

        connection.Output.Write("\r\n"u8);
    }

    private sealed class BodyLengthException : Exception;
}
