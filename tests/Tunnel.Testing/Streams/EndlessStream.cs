namespace Tunnel.Testing;

/// <summary>The same bytes again and again: each read is filled.</summary>
internal sealed class EndlessStream(byte[] bytes) : Stream
{
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Read(buffer.Span));

    public override int Read(Span<byte> buffer)
    {
        for (var rest = buffer; !rest.IsEmpty;)
        {
            var count = Math.Min(rest.Length, bytes.Length - _at);
            bytes.AsSpan(_at, count).CopyTo(rest);
            rest = rest[count..];
            _at = (_at + count) % bytes.Length;
        }

        return buffer.Length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
