using System.Buffers;
using System.IO.Pipelines;

namespace Tunnel.Wire.Session;

/// <summary>
/// The reading end of an exchange's body: a pipe's reader that grants the peer new credit for what was consumed, and for what was examined
/// and kept: who waits for more before it takes any, as a parser of messages does, would otherwise wait for ever once a message is larger
/// than the window. What such a reader keeps is bounded by its own limit on bodies.
/// </summary>
internal sealed class ExchangeInput(Exchange exchange) : PipeReader
{
    private ReadOnlySequence<byte> _last;
    private long _kept; // bytes at the pipe's beginning that were examined, and credited, before

    /// <summary>Whether somebody waits in a read, or has not given back what it read: then the pipe is not to be reused.</summary>
    public bool IsReading { get; private set; }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        exchange.BeginReading();
        if (exchange.BodyReader is not { } reader)
        {
            return new ValueTask<ReadResult>(EndOfBody());
        }

        IsReading = true;
        var read = reader.ReadAsync(cancellationToken);
        if (!read.IsCompletedSuccessfully)
        {
            return AwaitAsync(read);
        }

        var result = read.Result;
        _last = result.Buffer;
        return new ValueTask<ReadResult>(result);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (exchange.BodyReader is not { } reader)
        {
            result = EndOfBody();
            return true;
        }

        if (!reader.TryRead(out result))
        {
            return false;
        }

        IsReading = true;
        _last = result.Buffer;
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        IsReading = false;
        if (_last.IsEmpty)
        {
            exchange.BodyReader?.AdvanceTo(consumed, examined);
            return;
        }

        var seen = Math.Max(_kept, _last.Slice(0, examined).Length);
        var credit = seen - _kept;
        _kept = seen - _last.Slice(0, consumed).Length;
        _last = default;
        exchange.BodyReader?.AdvanceTo(consumed, examined);
        exchange.SendCreditFor(credit);
    }

    public override void CancelPendingRead() => exchange.CancelPendingRead();

    /// <summary>The pipe goes back to its pool when the exchange is disposed; until then completing the reader only stops reading.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> read)
    {
        var result = await read.ConfigureAwait(false);
        _last = result.Buffer;
        return result;
    }

    private ReadResult EndOfBody()
    {
        exchange.ThrowUnlessInputEnded();
        return new ReadResult(default, isCanceled: false, isCompleted: true);
    }
}
