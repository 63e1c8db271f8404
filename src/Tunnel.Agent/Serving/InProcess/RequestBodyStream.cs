using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>The request body as a stream.</summary>
internal sealed class RequestBodyStream(RequestBodyReader reader, IHttpBodyControlFeature control) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCanceled)
            {
                throw new OperationCanceledException("The read was cancelled.");
            }

            var available = result.Buffer;
            var count = (int)Math.Min(buffer.Length, available.Length);
            if (count > 0)
            {
                var taken = available.Slice(0, count);
                taken.CopyTo(buffer.Span);
                reader.AdvanceTo(taken.End);
                return count;
            }

            reader.AdvanceTo(available.Start);
            if (result.IsCompleted || buffer.IsEmpty)
            {
                return 0;
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var segment in result.Buffer)
            {
                await destination.WriteAsync(segment, cancellationToken).ConfigureAwait(false);
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => control.AllowSynchronousIO
        ? ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult()
        : throw new InvalidOperationException(
            "Synchronous operations are disallowed. Call ReadAsync or set AllowSynchronousIO to true instead.");

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
