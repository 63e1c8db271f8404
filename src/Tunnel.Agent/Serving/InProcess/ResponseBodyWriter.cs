using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>The response body as a pipe writer: gathers what is written between two flushes in one pooled buffer.</summary>
internal sealed class ResponseBodyWriter(InProcessRequest request) : PipeWriter
{
    private const int SmallestBuffer = 4096;
    private byte[]? _buffer; // rented at the first write, returned when the request ends
    private int _length;
    private bool _cancelled;
    private int _writing;
    private volatile bool _released;

    /// <summary>Whether a write runs now.</summary>
    public bool IsWriting => Volatile.Read(ref _writing) != 0;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ObjectDisposedException.ThrowIf(_released, typeof(HttpResponse));
        var room = Math.Max(sizeHint, 1);
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(room, SmallestBuffer));
        }
        else if (_buffer.Length - _length < room)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + room));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (_buffer?.Length ?? 0) - _length);
        _length += bytes;
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var count = _length;
        _length = 0;
        var reading = await SendAsync(_buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        var cancelled = _cancelled;
        _cancelled = false;
        return new FlushResult(cancelled, isCompleted: !reading);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (_length > 0)
        {
            source.Span.CopyTo(GetSpan(source.Length));
            _length += source.Length;
            return FlushAsync(cancellationToken);
        }

        return WriteThroughAsync(source, cancellationToken);
    }

    public override void CancelPendingFlush() => _cancelled = true;

    /// <summary>The response ends when the application has returned, or calls CompleteAsync.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    internal ValueTask FlushBufferedAsync() => _length == 0 ? ValueTask.CompletedTask : FlushQuietlyAsync();

    internal void Discard() => _length = 0;

    internal void Release()
    {
        _released = true;
        if (IsWriting)
        {
            return; // the buffer is in use; the collector takes it
        }

        _length = 0;
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask FlushQuietlyAsync() => await FlushAsync(CancellationToken.None).ConfigureAwait(false);

    private async ValueTask<FlushResult> WriteThroughAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken) =>
        new(isCanceled: false, isCompleted: !await SendAsync(source, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// The request object serves others later on. Who still holds this writer then gets an exception, as from a disposed stream.
    /// </summary>
    private async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _writing);
        try
        {
            ObjectDisposedException.ThrowIf(_released, typeof(HttpResponse));
            return await request.WriteBodyAsync(data, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _writing);
        }
    }
}
