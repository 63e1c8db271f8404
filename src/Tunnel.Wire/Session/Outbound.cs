using System.Buffers;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>
/// What waits to be sent on a link. Whoever finds the link idle sends at once, on its own thread; whoever comes meanwhile is gathered
/// into the next message. What can wait here is bounded by the exchanges' credit and one head per exchange and direction.
/// </summary>
internal sealed class Outbound(ILink link, Action<Exception> onFailure) : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();

    // Guarded by _gate. Buffers are rented here and returned after they were sent, or at the end.
    private readonly Queue<ArraySegment<byte>> _full = new();
    private byte[]? _filling;
    private int _filled;
    private bool _sending;
    private bool _closed;
    private TaskCompletionSource? _idle;

    /// <summary>Adds a frame; with <paramref name="flush"/> it, and all before it, is on its way when this returns.</summary>
    public void Write(FrameType type, FrameFlags flags, uint exchangeId, ReadOnlySpan<byte> payload, bool flush)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            var room = EnsureRoom(FrameHeader.MaxSize + payload.Length);
            var length = FrameCodec.Write(room, new FrameHeader(type, flags, exchangeId, payload.Length));
            payload.CopyTo(room[length..]);
            _filled += length + payload.Length;
        }

        if (flush)
        {
            Flush();
        }
    }

    public void Flush()
    {
        lock (_gate)
        {
            if (_sending || _closed || _filled == 0 && _full.Count == 0)
            {
                return;
            }

            _sending = true;
        }

        _ = SendAsync(once: true);
    }

    /// <summary>Completes when everything written so far has been handed to the link.</summary>
    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            if (_closed || !_sending && _filled == 0 && _full.Count == 0)
            {
                return Task.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            if (_filling is { } filling)
            {
                _filling = null;
                _filled = 0;
                ArrayPool<byte>.Shared.Return(filling);
            }

            while (_full.TryDequeue(out var segment))
            {
                ArrayPool<byte>.Shared.Return(segment.Array!);
            }

            _idle?.TrySetResult();
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = SendAsync(once: false);

    private async Task SendAsync(bool once)
    {
        try
        {
            while (TryTake(out var message))
            {
                try
                {
                    await link.SendAsync(message).ConfigureAwait(false);
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(message.Array!);
                }

                if (once && HandOver())
                {
                    return;
                }
            }
        }
        catch (Exception exception)
        {
            Close();
            onFailure(exception);
        }
    }

    /// <summary>The thread that sent its own frames does not go on to send everybody else's.</summary>
    private bool HandOver()
    {
        lock (_gate)
        {
            if (_filled == 0 && _full.Count == 0)
            {
                return false;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    private bool TryTake(out ArraySegment<byte> message)
    {
        lock (_gate)
        {
            if (_full.TryDequeue(out message))
            {
                return true;
            }

            if (_filled > 0)
            {
                message = new ArraySegment<byte>(_filling!, 0, _filled);
                _filling = null;
                _filled = 0;
                return true;
            }

            _sending = false;
            _idle?.TrySetResult();
            _idle = null;
            return false;
        }
    }

    private Span<byte> EnsureRoom(int count)
    {
        // The size at which a message counts as full leaves room for one more frame of any size.
        if (_filling is not null && (_filled >= WireDefaults.MessageFillSize || _filled + count > WireDefaults.MaxMessageSize))
        {
            _full.Enqueue(new ArraySegment<byte>(_filling, 0, _filled));
            _filling = null;
            _filled = 0;
        }

        if (_filling is null)
        {
            _filling = ArrayPool<byte>.Shared.Rent(Math.Max(count, WireDefaults.MessageFillSize + WireDefaults.MaxDataPayload));
        }
        else if (_filling.Length - _filled < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_filled + count);
            _filling.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_filling);
            _filling = larger;
        }

        return _filling.AsSpan(_filled);
    }
}
