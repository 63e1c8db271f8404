using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>The request body: the exchange's input with the app's size limit, and with the exceptions that a server's body throws.</summary>
internal sealed class RequestBodyReader(Exchange exchange, long? maxSize, IHttpRequestFeature request, bool isEmpty) : PipeReader
{
    private ReadOnlySequence<byte> _last;
    private long _consumed;
    private volatile bool _aborted;

    public long? MaxSize { get; set; } = maxSize;

    public bool HasStarted { get; private set; }

    public bool IsCompleted { get; private set; }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        Begin();
        if (isEmpty)
        {
            return Empty();
        }

        try
        {
            return Check(await exchange.Input.ReadAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (ExchangeException exception)
        {
            throw new ConnectionResetException(exception.Message, exception);
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        Begin();
        if (isEmpty)
        {
            result = Empty();
            return true;
        }

        if (!exchange.Input.TryRead(out result))
        {
            return false;
        }

        result = Check(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _consumed += _last.IsEmpty ? 0 : _last.Slice(0, consumed).Length;
        _last = default;
        if (!isEmpty)
        {
            exchange.Input.AdvanceTo(consumed, examined);
        }
    }

    public override void CancelPendingRead() => exchange.Input.CancelPendingRead();

    /// <summary>What is left unread is dealt with when the request ends.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    public void Abort()
    {
        _aborted = true;
        exchange.Input.CancelPendingRead();
    }

    /// <summary>A request that asks for an upgrade has no body; what the visitor sends belongs to the upgraded connection.</summary>
    private ReadResult Empty()
    {
        IsCompleted = true;
        return new ReadResult(default, isCanceled: false, isCompleted: true);
    }

    private void Begin()
    {
        if (!HasStarted)
        {
            HasStarted = true;
            if (request.Headers.ContentLength > MaxSize)
            {
                throw TooLarge();
            }
        }
    }

    private ReadResult Check(ReadResult result)
    {
        _last = result.Buffer;
        if (_aborted)
        {
            throw new ConnectionAbortedException();
        }

        if (MaxSize is { } most && _consumed + result.Buffer.Length > most)
        {
            throw TooLarge();
        }

        IsCompleted = result.IsCompleted;
        return result;
    }

    private static BadHttpRequestException TooLarge() =>
        new("Request body too large.", StatusCodes.Status413PayloadTooLarge);
}
