using System.Net;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding.Http2;

/// <summary>A visitor's request body on its way to the target, beside the reading of the response.</summary>
internal sealed class RequestContent(Exchange exchange) : HttpContent
{
    private readonly CancellationTokenSource _stop = new(); // without a timer there is nothing to dispose
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;

    /// <summary>How the visitor's side broke off, if it did.</summary>
    public ExchangeException? Broken { get; private set; }

    /// <summary>Ends the upload where it stands and waits until the exchange's body is read no more.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _begun, 1) != 0)
        {
            await _ended.Task.ConfigureAwait(false);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _begun, 1) != 0)
        {
            throw new IOException("The target closed the connection when a part of the request was sent, and that part is gone.");
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
            await CopyAsync(stream, either.Token).ConfigureAwait(false);
        }
        catch (ExchangeException exception)
        {
            Broken = exception;
            throw;
        }
        finally
        {
            _ended.SetResult();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private async Task CopyAsync(Stream stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!exchange.Input.TryRead(out var result))
            {
                // Nothing more is here now: what there is goes out before the wait, the head too.
                await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
                result = await exchange.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            }

            foreach (var segment in result.Buffer)
            {
                await stream.WriteAsync(segment, cancellationToken).ConfigureAwait(false);
            }

            exchange.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }
}
