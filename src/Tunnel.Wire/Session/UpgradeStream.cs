using System.Buffers;

namespace Tunnel.Wire.Session;

/// <summary>An upgraded exchange as a duplex stream. Disposing it does nothing: the exchange's owner ends the exchange.</summary>
internal sealed class UpgradeStream(Exchange exchange) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // A read of zero bytes waits for data without taking any, as a socket's does.
        var result = await exchange.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
        var available = result.Buffer;
        var count = (int)Math.Min(buffer.Length, available.Length);
        var taken = available.Slice(0, count);
        taken.CopyTo(buffer.Span);
        exchange.Input.AdvanceTo(taken.End); // from here on the sequence may not even be asked for its length
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!buffer.IsEmpty && !await exchange.WriteAsync(buffer).ConfigureAwait(false))
        {
            throw new IOException("The other side has closed the upgraded connection.");
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        exchange.Flush();
        return Task.CompletedTask;
    }

    public override void Flush() => exchange.Flush();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("An upgraded connection is read asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("An upgraded connection is written asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
