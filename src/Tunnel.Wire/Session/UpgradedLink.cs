using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Registration;

namespace Tunnel.Wire.Session;

/// <summary>
/// A link over a connection that was upgraded to this protocol (PROTOCOL.md, Upgraded connections): four bytes in front of each message,
/// and nothing is masked. One read takes in as many messages as have arrived.
/// </summary>
/// <param name="connection">What is read and written. Its owner disposes it.</param>
/// <param name="abort">Ends the connection at once, whatever is pending on it.</param>
/// <param name="time">For the time that a close may take.</param>
internal sealed class UpgradedLink(Stream connection, Action abort, TimeProvider time) : IRegistrationLink
{
    private const int HeaderSize = OutgoingMessage.HeaderRoom;
    private const byte Text = 1; // the numbers are those of RFC 6455 section 5.2
    private const byte Binary = 2;
    private const byte Close = 8;
    private const int LargestMove = 4096; // less than this goes to the buffer's front, so that the next read has all of it
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    // Owned by whoever receives; rented while there are bytes in it, or a read into it is under way.
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private int _writing; // 1 while a write is under way, and from a close on: nothing comes between, and nothing follows a close
    private int _isClosing;

    public ValueTask<ReadOnlyMemory<byte>> ReceiveAsync()
    {
        try
        {
            return TryTake(WireDefaults.MaxMessageSize, out var kind, out var message)
                ? new ValueTask<ReadOnlyMemory<byte>>(Received(kind, message))
                : ReadAsync();
        }
        catch (LinkException exception)
        {
            return ValueTask.FromException<ReadOnlyMemory<byte>>(exception);
        }
    }

    public ValueTask SendAsync(OutgoingMessage message)
    {
        WriteHeader(message.WithRoom.Span, Binary, message.WithRoom.Length - HeaderSize);
        return WriteAsync(message.WithRoom, CancellationToken.None);
    }

    public async ValueTask SendTextAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        var message = OutgoingMessage.Copy(text.Span).WithRoom;
        WriteHeader(message.Span, Text, text.Length);
        await WriteAsync(message, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<int> ReceiveTextAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        byte kind;
        ReadOnlyMemory<byte> message;
        try
        {
            while (!TryTake(buffer.Length, out kind, out message))
            {
                await FillAsync(buffer.Length, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (LinkException exception)
        {
            throw new WireFormatException(exception.Message);
        }

        if (kind != Text)
        {
            throw new WireFormatException("The peer closed the link, or sent a binary message, before the registration was complete.");
        }

        message.CopyTo(buffer);
        return message.Length;
    }

    public async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _isClosing, 1) != 0)
        {
            return; // it is said already; a session's end may come from here and from the peer
        }

        try
        {
            using var deadline = new CancellationTokenSource(CloseTimeout, time);
            var close = new byte[HeaderSize];
            WriteHeader(close, Close, length: 0);
            await WriteAsync(close, deadline.Token, isLast: true).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is LinkException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            Abort();
        }
    }

    public void Abort() => abort();

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadOnlyMemory<byte>> ReadAsync()
    {
        byte kind;
        ReadOnlyMemory<byte> message;
        do
        {
            await FillAsync(WireDefaults.MaxMessageSize, CancellationToken.None).ConfigureAwait(false);
        }
        while (!TryTake(WireDefaults.MaxMessageSize, out kind, out message));
        return Received(kind, message);
    }

    /// <summary>Takes a message that has arrived whole.</summary>
    private bool TryTake(int longest, out byte kind, out ReadOnlyMemory<byte> message)
    {
        message = default;
        kind = 0;
        if (_end - _start < HeaderSize)
        {
            return false;
        }

        var length = LengthOf(_buffer.AsSpan(_start), out kind);
        if (length > longest || (length == 0) != (kind == Close) || kind is not (Text or Binary or Close))
        {
            throw new LinkException($"What comes next on the link is no message of the protocol, or one of more than {longest} bytes.");
        }

        if (_end - _start - HeaderSize < length)
        {
            return false;
        }

        message = _buffer.AsMemory(_start + HeaderSize, length);
        _start += HeaderSize + length;
        return true;
    }

    private static ReadOnlyMemory<byte> Received(byte kind, ReadOnlyMemory<byte> message) =>
        kind == Text ? throw new LinkException("A message on the link is text.") : message;

    /// <summary>Reads what there is, and at least something. A buffer that a read ends with an error in is the collector's.</summary>
    /// <param name="longest">What a message may have now, and the buffer has for it at first: a stranger gets less.</param>
    /// <param name="cancellationToken">Ends the link.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(int longest, CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            ReturnBuffer();

            // A read of zero bytes waits without consuming, so an idle link holds no buffer.
            await connection.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        }

        MakeRoom(longest);
        var count = await connection.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += count;
        if (count == 0)
        {
            throw new LinkException("The connection was closed.");
        }
    }

    /// <summary>Sees to it that the message that has begun to arrive can arrive whole.</summary>
    private void MakeRoom(int longest)
    {
        var begun = _end - _start;
        var needed = begun < HeaderSize ? HeaderSize : HeaderSize + LengthOf(_buffer.AsSpan(_start), out _);
        if (_buffer is not { } buffer)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(longest);
            return;
        }

        if (buffer.Length - _start >= needed && begun > LargestMove)
        {
            return;
        }

        _buffer = buffer.Length < needed ? ArrayPool<byte>.Shared.Rent(needed) : buffer;
        buffer.AsSpan(_start, begun).CopyTo(_buffer);
        if (buffer != _buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _start = 0;
        _end = begun;
    }

    private void ReturnBuffer()
    {
        _start = _end = 0;
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAsync(ReadOnlyMemory<byte> memory, CancellationToken cancellationToken, bool isLast = false)
    {
        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            throw new LinkException("The link is closed, or about to be.");
        }

        try
        {
            await connection.WriteAsync(memory, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writing, isLast ? 1 : 0);
        }
    }

    private static void WriteHeader(Span<byte> header, byte kind, int length) =>
        BinaryPrimitives.WriteUInt32BigEndian(header, ((uint)kind << 24) | (uint)length);

    private static int LengthOf(ReadOnlySpan<byte> header, out byte kind)
    {
        var word = BinaryPrimitives.ReadUInt32BigEndian(header);
        kind = (byte)(word >> 24);
        return (int)(word & 0xFFFFFF);
    }
}
