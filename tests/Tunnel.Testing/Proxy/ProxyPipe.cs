using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Tunnel.Testing;

/// <summary>
/// One direction of a proxied connection. Bytes go straight from socket to socket, or, with a delay or a rate, over a line on which each
/// piece has the instant at which it leaves.
/// </summary>
internal sealed class ProxyPipe(
    Socket from, Socket to, ProxyDirection settings, Hole hole, TimeProvider time, Action cut, Action end, CancellationToken over)
{
    private const int MostHeld = 64 * 1024 * 1024;
    private const int ReadSize = 128 * 1024;
    private const int ThrottleBuffer = 64 * 1024; // waits in front of the throttle, and the rest in the kernel's buffer

    private readonly Channel<Piece> _line = Channel.CreateUnbounded<Piece>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim _left = new(0); // released for every piece that left while the reader waits for it
    private long _held; // bytes of buffers on the line, 0 when nobody but the reader may send
    private int _isWaiting;
    private long _lineFree; // timestamp at which the throttle has let everything through
    private long _carried;

    public async Task RunAsync()
    {
        var writing = Task.Run(WriteAsync, CancellationToken.None);
        try
        {
            await ReadAsync();
        }
        finally
        {
            _line.Writer.Complete();
            await writing;
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            // Waits without a buffer, so that thousands of idle connections cost nothing.
            await from.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, over);
            await HolesAsync();
            var rate = settings.BytesPerSecond;
            var buffer = ArrayPool<byte>.Shared.Rent(rate is { } slow ? Math.Clamp(slow / 50, 1024, ReadSize) : ReadSize);
            var most = settings.CutAfterBytes is { } limit ? (int)Math.Clamp(limit - _carried, 1, buffer.Length) : buffer.Length;
            int count;
            try
            {
                count = await from.ReceiveAsync(buffer.AsMemory(0, most), SocketFlags.None, over);
            }
            catch
            {
                ArrayPool<byte>.Shared.Return(buffer);
                throw;
            }

            _carried += count;
            var ends = count == 0 ? End.Close : settings.CutAfterBytes <= _carried ? End.Cut : End.None;
            if (rate is null && settings.Delay <= TimeSpan.Zero && Volatile.Read(ref _held) == 0)
            {
                await SendAsync(new Piece(buffer, count, 0, ends));
            }
            else
            {
                _line.Writer.TryWrite(Schedule(buffer, count, rate, ends));
                await RoomAsync(rate);
            }

            if (ends != End.None)
            {
                return;
            }
        }
    }

    private Piece Schedule(byte[] buffer, int count, int? rate, End ends)
    {
        if (count <= buffer.Length / 2)
        {
            // The line's bound counts buffers: a large one must not wait for a few bytes.
            var small = ArrayPool<byte>.Shared.Rent(Math.Max(1, count));
            buffer.AsSpan(0, count).CopyTo(small);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = small;
        }

        var due = time.GetTimestamp();
        if (rate is { } bytes)
        {
            due = _lineFree = Math.Max(due, _lineFree) + (long)((double)count / bytes * time.TimestampFrequency);
        }

        Interlocked.Add(ref _held, buffer.Length);
        return new Piece(buffer, count, due + (long)(settings.Delay.TotalSeconds * time.TimestampFrequency), ends);
    }

    private async Task RoomAsync(int? rate)
    {
        if (rate is { } bytes)
        {
            await UntilAsync(_lineFree - (long)((double)ThrottleBuffer / bytes * time.TimestampFrequency));
        }

        while (Volatile.Read(ref _held) > MostHeld)
        {
            Interlocked.Exchange(ref _isWaiting, 1);
            if (Volatile.Read(ref _held) > MostHeld)
            {
                await _left.WaitAsync(over);
            }
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var piece in _line.Reader.ReadAllAsync(over))
            {
                await UntilAsync(piece.Due);
                await HolesAsync();
                await SendAsync(piece);
                Interlocked.Add(ref _held, -piece.Buffer.Length);
                if (Interlocked.Exchange(ref _isWaiting, 0) == 1)
                {
                    _left.Release();
                }
            }
        }
        catch
        {
            end(); // or the reader would wait for bytes that nobody takes
            throw;
        }
    }

    private async ValueTask SendAsync(Piece piece)
    {
        try
        {
            for (var rest = piece.Buffer.AsMemory(0, piece.Count); !rest.IsEmpty;)
            {
                rest = rest[await to.SendAsync(rest, SocketFlags.None, over)..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece.Buffer);
        }

        if (piece.Ends == End.Close)
        {
            to.Shutdown(SocketShutdown.Send);
        }
        else if (piece.Ends == End.Cut)
        {
            cut();
        }
    }

    private async ValueTask HolesAsync()
    {
        while (hole.IsOpen || settings.IsBlackHole)
        {
            await hole.WhenClosedAsync(over);
            await settings.Hole.WhenClosedAsync(over);
        }
    }

    private async ValueTask UntilAsync(long timestamp)
    {
        while (time.GetElapsedTime(time.GetTimestamp(), timestamp) is { Ticks: > 0 } left)
        {
            // Timers count whole milliseconds; rounded down, the last part of one would be a busy loop.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), time, over);
        }
    }

    private enum End
    {
        None,
        Close,
        Cut,
    }

    /// <param name="Buffer">From the shared pool; returned by who sends it.</param>
    /// <param name="Count">How much of it is filled.</param>
    /// <param name="Due">The timestamp at which it leaves.</param>
    /// <param name="Ends">What happens after it.</param>
    private readonly record struct Piece(byte[] Buffer, int Count, long Due, End Ends);
}
