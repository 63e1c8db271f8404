using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>What is sent: heads, then a body within the peer's credit and the log's room, then an end.</summary>
internal sealed partial class Exchange
{
    private readonly OutboundStream _output;
    private readonly Signal _creditSignal = new(); // credit, or room in the log
    private SendCredit _sendCredit;
    private bool _outputEnded;
    private bool _outputStopped;
    private bool _outputCut; // body was dropped: what was sent is not the whole, and must not end as if it were
    private TaskCompletionSource? _stopped;

    /// <summary>Whether the body may be sent compressed, if the head says so.</summary>
    public bool MayCompress => _session.CompressesBodies;

    /// <summary>Sends a head. Without <paramref name="flush"/> it leaves with whatever is flushed next.</summary>
    public void SendHead(ReadOnlySpan<byte> head, FrameFlags flags = FrameFlags.None, bool flush = true)
    {
        lock (_gate)
        {
            if (_outputEnded)
            {
                return;
            }

            _outputEnded = (flags & FrameFlags.End) != 0;
        }

        _session.Outbound.WriteFrame(_output, FrameType.Head, flags, head, flush);
    }

    /// <summary>Sends a piece of body, waiting for credit, and for room in the log, where needed.</summary>
    /// <returns><see langword="false"/> when the other side reads no more; the data is dropped then.</returns>
    public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> data, bool end = false) => TrySend(ref data, end) switch
    {
        SendResult.Sent => new ValueTask<bool>(true),
        SendResult.Closed => new ValueTask<bool>(false),
        var waiting => WriteInPartsAsync(waiting, data, end),
    };

    private async ValueTask<bool> WriteInPartsAsync(SendResult result, ReadOnlyMemory<byte> data, bool end)
    {
        while (true)
        {
            if (result == SendResult.Sent)
            {
                return true;
            }

            if (result == SendResult.Closed)
            {
                return false;
            }

            // What has been written so far is on its way while this waits.
            _session.Outbound.Flush();
            await _creditSignal.WaitAsync().ConfigureAwait(false);
            if (!IsOutputOpen())
            {
                // The memory goes back to the caller, so nothing of it may wait any longer.
                _session.Outbound.DropData(_output);
                return false;
            }

            if (result == SendResult.NeedsRoom && _session.Outbound.IsWaiting(_output))
            {
                continue;
            }

            result = result == SendResult.NeedsRoom && data.IsEmpty ? Finished(end) : TrySend(ref data, end);
        }
    }

    /// <summary>Sends as much as there is credit and room for; <paramref name="data"/> is left with what has no credit yet.</summary>
    private SendResult TrySend(ref ReadOnlyMemory<byte> data, bool end)
    {
        while (true)
        {
            var count = Reserve(data.Length, out var open);
            if (!open)
            {
                return SendResult.Closed;
            }

            if (count < 0)
            {
                return SendResult.NeedsCredit;
            }

            var piece = data[..count];
            data = data[count..];
            var isLast = data.IsEmpty;
            if (piece.IsEmpty)
            {
                if (end)
                {
                    End();
                }

                return SendResult.Sent;
            }

            if (!_session.Outbound.WriteData(_output, piece, isLast && end, flush: isLast))
            {
                return SendResult.NeedsRoom;
            }

            if (isLast)
            {
                return Finished(end);
            }
        }
    }

    /// <summary>Whether at least one byte may be sent now.</summary>
    public bool HasCredit
    {
        get
        {
            lock (_gate)
            {
                return !_outputStopped && !_outputEnded && _error is null && _sendCredit.Available > 0;
            }
        }
    }

    /// <summary>Waits until at least one byte may be sent.</summary>
    /// <returns><see langword="false"/> when the other side reads no more.</returns>
    public async ValueTask<bool> WaitForCreditAsync()
    {
        while (true)
        {
            lock (_gate)
            {
                if (_outputStopped || _outputEnded || _error is not null)
                {
                    return false;
                }

                if (_sendCredit.Available > 0)
                {
                    return true;
                }
            }

            await _creditSignal.WaitAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Completes when the other side reads no more, or the exchange is over.</summary>
    public Task WhenStoppedAsync()
    {
        lock (_gate)
        {
            if (_outputStopped || _error is not null)
            {
                return Task.CompletedTask;
            }

            _stopped ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _stopped.Task;
        }
    }

    /// <summary>Ends this side's message; what was sent is the whole of it, unless a write said that something was dropped.</summary>
    public void End() => End(FrameType.Data, FrameFlags.End, default);

    /// <summary>Ends this side's message with a trailer section.</summary>
    public void EndWithTrailers(ReadOnlySpan<byte> trailers) => End(FrameType.Head, FrameFlags.End | FrameFlags.Trailers, trailers);

    private void End(FrameType type, FrameFlags flags, ReadOnlySpan<byte> payload)
    {
        bool isCut;
        lock (_gate)
        {
            isCut = _outputCut;
        }

        if (isCut)
        {
            Reset(ErrorCode.Cancelled);
        }
        else if (TryEndOutput())
        {
            _session.Outbound.WriteFrame(_output, type, flags, payload, flush: true);
        }
    }

    /// <summary>Breaks this side's message off: the other side must not take what it got for the whole.</summary>
    public void Reset(ErrorCode code)
    {
        if (TryEndOutput())
        {
            _session.Outbound.WriteFrame(_output, FrameType.Reset, FrameFlags.None, [(byte)code], flush: true);

            // A writer that waits for credit on this side gets none any more, and perhaps no stop either: the peer may be gone already.
            _creditSignal.Set();
        }
    }

    /// <summary>Sends what was written without a flush.</summary>
    public void Flush() => _session.Outbound.Flush();

    /// <summary>Sends the head that opens the exchange, if there is room for it now.</summary>
    internal bool TrySendFirst(FrameFlags flags, ReadOnlySpan<byte> head) => _session.Outbound.TryOpen(_output, flags, head);

    internal void ReceiveCredit(long limit)
    {
        lock (_gate)
        {
            if (!_sendCredit.Raise(limit))
            {
                return;
            }
        }

        _creditSignal.Set();
    }

    void IRoomHandler.OnRoom() => _creditSignal.Set();

    /// <summary>How many bytes there is credit for: -1 for none yet. Takes the credit.</summary>
    private int Reserve(int wanted, out bool open)
    {
        lock (_gate)
        {
            open = !_outputStopped && !_outputEnded && _error is null;
            if (!open)
            {
                _outputCut |= wanted > 0;
                return 0;
            }

            var count = (int)Math.Min(wanted, _sendCredit.Available);
            if (count == 0 && wanted > 0)
            {
                return -1;
            }

            _sendCredit.Sent(count);
            return count;
        }
    }

    /// <summary>The last byte of a write is in the log, and with it the message's end where the write ends it.</summary>
    private SendResult Finished(bool end)
    {
        if (end)
        {
            lock (_gate)
            {
                _outputEnded = true;
            }
        }

        return SendResult.Sent;
    }

    /// <summary>Whether what waits may still be sent; if not, it is dropped.</summary>
    private bool IsOutputOpen()
    {
        lock (_gate)
        {
            var open = !_outputStopped && !_outputEnded && _error is null;
            _outputCut |= !open;
            return open;
        }
    }

    private bool TryEndOutput()
    {
        lock (_gate)
        {
            if (_outputEnded || _error is ErrorCode.LinkLost)
            {
                return false;
            }

            _outputEnded = true;
            return true;
        }
    }

    private enum SendResult
    {
        Sent,
        NeedsCredit,
        NeedsRoom,
        Closed,
    }
}
