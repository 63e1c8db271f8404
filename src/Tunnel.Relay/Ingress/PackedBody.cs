using System.IO.Pipelines;

namespace Tunnel.Relay.Ingress;

/// <summary>A compressed body for <see cref="System.IO.Compression.ZLibStream"/>, which takes a body that was cut short for a whole one.</summary>
internal sealed class PackedBody(PipeReader input) : Stream
{
    private readonly Stream _input = input.AsStream(leaveOpen: true);
    private bool _isEmpty = true;

    /// <summary>Whether more was asked for than there was. An empty body has no format to keep.</summary>
    public bool IsCut { get; private set; }

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
        var count = await _input.ReadAsync(buffer, cancellationToken);
        IsCut = count == 0 && !_isEmpty;
        _isEmpty &= count == 0;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
