using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>Gathers what is sent on a connection, so that a head and a short body leave together. Holds no memory while nothing waits.</summary>
/// <param name="stream">Where it is sent.</param>
/// <param name="socket">What the stream leads to unchanged; null where it encrypts.</param>
internal sealed class OriginOutput(Stream stream, Socket? socket)
{
    /// <summary>What has reached this size is worth a send of its own.</summary>
    private const int FlushSize = 64 * 1024;

    /// <summary>Less is copied behind what was gathered; a send from several places costs as much as the copy.</summary>
    private const int LeastUncopied = 8 * 1024;

    /// <summary>Pieces of memory of one send; the system's own limit is 1024.</summary>
    private const int MaxPieces = 256;

    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();
    private readonly List<ArraySegment<byte>> _pieces = []; // empty but during a send

    private byte[] _buffer = [];
    private int _length;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    /// <summary>
    /// Each char of a header's value is one of its octets. Other texts are ASCII wherever servers are strict; what is not was read as UTF-8.
    /// </summary>
    public void Write(string text)
    {
        var encoding = Ascii.IsValid(text) || !text.AsSpan().ContainsAnyExceptInRange('\0', '\xFF') ? Encoding.Latin1 : Encoding.UTF8;
        _length += encoding.GetBytes(text, Room(encoding.GetMaxByteCount(text.Length)));
    }

    public void WriteHeader(string name, string value)
    {
        Write(name);
        Write(": "u8);
        Write(value);
        Write("\r\n"u8);
    }

    /// <summary>Sends a piece of body behind what was gathered. A short one may stay here until <see cref="FlushAsync"/>.</summary>
    public async ValueTask SendAsync(ReadOnlySequence<byte> body, bool isChunk)
    {
        if (body.IsEmpty)
        {
            return;
        }

        if (isChunk)
        {
            WriteHexadecimal(body.Length);
            Write(LineEnd);
        }

        if (socket is not null && body.Length >= LeastUncopied)
        {
            await SendUncopiedAsync(socket, body, isChunk).ConfigureAwait(false);
            return;
        }

        foreach (var segment in body)
        {
            Write(segment.Span);
            if (_length >= FlushSize)
            {
                await FlushAsync().ConfigureAwait(false);
            }
        }

        if (isChunk)
        {
            Write(LineEnd);
        }
    }

    public ValueTask FlushAsync()
    {
        if (_length == 0)
        {
            return ValueTask.CompletedTask;
        }

        var sending = stream.WriteAsync(_buffer.AsMemory(0, _length), CancellationToken.None);
        if (!sending.IsCompletedSuccessfully)
        {
            return AwaitAsync(sending);
        }

        sending.GetAwaiter().GetResult();
        Clear();
        return ValueTask.CompletedTask;
    }

    /// <summary>Forgets what was not sent.</summary>
    public void Clear()
    {
        var buffer = _buffer;
        _buffer = [];
        _length = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask AwaitAsync(ValueTask sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        finally
        {
            Clear();
        }
    }

    private async ValueTask SendUncopiedAsync(Socket socket, ReadOnlySequence<byte> body, bool isChunk)
    {
        try
        {
            if (_length > 0)
            {
                _pieces.Add(new ArraySegment<byte>(_buffer, 0, _length));
            }

            foreach (var segment in body)
            {
                // The pipes of exchanges have arrays only.
                _pieces.Add(MemoryMarshal.TryGetArray(segment, out var piece) ? piece : segment.ToArray());
                if (_pieces.Count >= MaxPieces)
                {
                    await socket.SendAsync(_pieces, SocketFlags.None).ConfigureAwait(false);
                    _pieces.Clear();
                }
            }

            if (isChunk)
            {
                _pieces.Add(LineEnd);
            }

            if (_pieces.Count > 0)
            {
                await socket.SendAsync(_pieces, SocketFlags.None).ConfigureAwait(false);
            }
        }
        finally
        {
            _pieces.Clear();
            Clear();
        }
    }

    private void WriteHexadecimal(long value)
    {
        value.TryFormat(Room(16), out var written, "x");
        _length += written;
    }

    private Span<byte> Room(int count)
    {
        if (_buffer.Length - _length < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + count, Math.Min(FlushSize, Math.Max(4096, _buffer.Length * 2))));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            if (_buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            _buffer = larger;
        }

        return _buffer.AsSpan(_length);
    }
}
