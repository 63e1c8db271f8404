using System.Buffers;
using System.IO.Compression;

namespace Tunnel.Agent.Serving.Compression;

/// <summary>
/// Compresses one response's body (RFC 1950). What it returns is its own memory, valid until the next call. At most 64 bodies of this process
/// are compressed at a time, because each takes 256 KiB, and what comes of the largest piece; what comes beside them travels as it is.
/// </summary>
internal sealed class BodyCompression : IDisposable
{
    /// <summary>Most bytes that are to be added at a time.</summary>
    public const int LargestPiece = 64 * 1024;

    private const int MostAtATime = 64;
    private static int _count;

    private readonly ArrayBufferWriter<byte> _packed = new();
    private readonly ZLibStream _packer;
    private int _disposed;

    private BodyCompression() => _packer = new ZLibStream(new PackedBytes(_packed), CompressionLevel.Fastest);

    /// <returns>Null when as many as may be are at work.</returns>
    public static BodyCompression? TryBegin()
    {
        if (Interlocked.Increment(ref _count) <= MostAtATime)
        {
            return new BodyCompression();
        }

        Interlocked.Decrement(ref _count);
        return null;
    }

    /// <summary>Takes a piece of the body in, and may keep all of it for later.</summary>
    /// <param name="piece">The next piece.</param>
    /// <param name="flush">Keeps nothing: the other side gets to read all that was added.</param>
    public ReadOnlyMemory<byte> Add(ReadOnlySpan<byte> piece, bool flush)
    {
        _packed.ResetWrittenCount();
        _packer.Write(piece);
        if (flush)
        {
            _packer.Flush();
        }

        return _packed.WrittenMemory;
    }

    /// <summary>Takes the last piece in; nothing follows what this returns. There is nothing more where the end was said before.</summary>
    public ReadOnlyMemory<byte> Finish(ReadOnlySpan<byte> piece)
    {
        _packed.ResetWrittenCount();
        if (_disposed != 0)
        {
            return default;
        }

        _packer.Write(piece);
        Dispose();
        return _packed.WrittenMemory;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _packer.Dispose();
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>Where the packer writes to.</summary>
    private sealed class PackedBytes(ArrayBufferWriter<byte> packed) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => packed.Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => packed.Write(buffer);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
