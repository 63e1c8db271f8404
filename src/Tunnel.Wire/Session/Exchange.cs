using System.IO.Pipelines;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>
/// One HTTP message pair, or one byte stream both ways after an upgrade, seen from one end of a session. This is what the relay's
/// ingress and the agent's servers work with; they never see frames. One reader and one writer at a time. Whoever opened it, or was
/// handed it, disposes it exactly once when nothing of it is in use any more.
/// </summary>
internal sealed partial class Exchange : IDisposable
{
    private readonly Lock _gate = new(); // guards every field below; held for moments, never across an await
    private readonly TunnelSession _session;
    private readonly Signal _creditSignal = new();
    private SendCredit _sendCredit;
    private bool _outputEnded;
    private bool _outputStopped;
    private ErrorCode? _error;
    private IAbortHandler? _abortHandler;
    private bool _disposed;
    private TaskCompletionSource? _stopped;

    /// <summary>An exchange opened from here with a head of these flags.</summary>
    internal Exchange(TunnelSession session, uint id, FrameFlags flags)
        : this(session, id, sendCredit: (flags & FrameFlags.NoCredit) != 0 ? 0 : WireDefaults.InitialCredit, receiveWithheld: false) =>
        _outputEnded = (flags & FrameFlags.End) != 0;

    private Exchange(TunnelSession session, uint id, long sendCredit, bool receiveWithheld)
    {
        _session = session;
        Id = id;
        _sendCredit = new SendCredit(sendCredit);
        _receiveCredit = new ReceiveCredit(WireDefaults.InitialCredit, receiveWithheld);
        Input = new ExchangeInput(this);
    }

    /// <summary>An exchange that the peer opened; its head is received next.</summary>
    internal static Exchange OpenedByPeer(TunnelSession session, in FrameHeader head) => new(
        session, head.ExchangeId, WireDefaults.InitialCredit, receiveWithheld: (head.Flags & FrameFlags.NoCredit) != 0);

    /// <summary>The exchange's number in its session; never used twice.</summary>
    public uint Id { get; }

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

        _session.Outbound.Write(FrameType.Head, flags, Id, head, flush);
    }

    /// <summary>Sends a piece of body, waiting for credit where needed.</summary>
    /// <returns><see langword="false"/> when the other side reads no more; the data is dropped then.</returns>
    public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> data, bool end = false) => TrySend(ref data, end) switch
    {
        SendResult.Sent => new ValueTask<bool>(true),
        SendResult.Closed => new ValueTask<bool>(false),
        _ => WriteWithCreditAsync(data, end),
    };

    private async ValueTask<bool> WriteWithCreditAsync(ReadOnlyMemory<byte> data, bool end)
    {
        while (true)
        {
            // What has been written so far is on its way while this waits.
            _session.Outbound.Flush();
            await _creditSignal.WaitAsync().ConfigureAwait(false);
            if (TrySend(ref data, end) is var result and not SendResult.NeedsCredit)
            {
                return result == SendResult.Sent;
            }
        }
    }

    /// <summary>Sends as much as there is credit for, in frames; <paramref name="data"/> is left with the rest.</summary>
    private SendResult TrySend(ref ReadOnlyMemory<byte> data, bool end)
    {
        while (true)
        {
            var count = Reserve(data.Length, end, out var open);
            if (!open)
            {
                return SendResult.Closed;
            }

            if (count < 0)
            {
                return SendResult.NeedsCredit;
            }

            var last = count == data.Length;
            _session.Outbound.Write(
                FrameType.Data, last && end ? FrameFlags.End : FrameFlags.None, Id, data.Span[..count], flush: last);
            if (last)
            {
                return SendResult.Sent;
            }

            data = data[count..];
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

    /// <summary>Ends this side's message; what was sent is the whole of it.</summary>
    public void End()
    {
        if (TryEndOutput())
        {
            _session.Outbound.Write(FrameType.Data, FrameFlags.End, Id, default, flush: true);
        }
    }

    /// <summary>Ends this side's message with a trailer section.</summary>
    public void EndWithTrailers(ReadOnlySpan<byte> trailers)
    {
        if (TryEndOutput())
        {
            _session.Outbound.Write(FrameType.Head, FrameFlags.End | FrameFlags.Trailers, Id, trailers, flush: true);
        }
    }

    /// <summary>Breaks this side's message off: the other side must not take what it got for the whole.</summary>
    public void Reset(ErrorCode code)
    {
        if (TryEndOutput())
        {
            _session.Outbound.Write(FrameType.Reset, FrameFlags.None, Id, [(byte)code], flush: true);

            // A writer that waits for credit on this side gets none any more, and perhaps no stop either: the peer may be gone already.
            _creditSignal.Set();
        }
    }

    /// <summary>Gives up both directions; whoever waits here fails at once.</summary>
    public void Abort(ErrorCode code)
    {
        Reset(code);
        StopReading(code);
        Fail(code);
    }

    /// <summary>Sends what was written without a flush.</summary>
    public void Flush() => _session.Outbound.Flush();

    /// <summary>Names who hears of an abort; one that has happened already is told at once.</summary>
    public void OnAborted(IAbortHandler handler)
    {
        ErrorCode? error;
        lock (_gate)
        {
            _abortHandler = handler;
            error = _error;
        }

        if (error is { } code)
        {
            QueueAbort(handler, code);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _abortHandler = null;
        }

        Reset(ErrorCode.Cancelled);
        StopReading(ErrorCode.None);
        _session.Forget(this);
        lock (_gate)
        {
            _disposed = true;
            ReleaseInput();
        }
    }

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

    internal void ReceiveStop(ErrorCode code)
    {
        lock (_gate)
        {
            _outputStopped = true;
            _stopped?.TrySetResult();
        }

        _creditSignal.Set();
        if (code != ErrorCode.None)
        {
            Fail(code);
        }
    }

    /// <summary>The exchange cannot be completed any more: the peer reset it, or the link is gone.</summary>
    internal void Fail(ErrorCode code)
    {
        IAbortHandler? handler;
        lock (_gate)
        {
            if (_error is not null || _disposed)
            {
                return;
            }

            _error = code;
            _outputStopped = true;
            _stopped?.TrySetResult();
            handler = _abortHandler;
            FailInput(code);
        }

        _creditSignal.Set();
        _headSignal.Set();
        if (handler is not null)
        {
            QueueAbort(handler, code);
        }
    }

    private void QueueAbort(IAbortHandler handler, ErrorCode code) => ThreadPool.UnsafeQueueUserWorkItem(
        static state => state.handler.OnAborted(state.exchange, state.code), (handler, exchange: this, code), preferLocal: false);

    /// <summary>How many bytes may go into the next frame: -1 for none yet. The last piece of a message closes the output here.</summary>
    private int Reserve(int wanted, bool end, out bool open)
    {
        lock (_gate)
        {
            open = !_outputStopped && !_outputEnded && _error is null;
            if (!open)
            {
                return 0;
            }

            var count = (int)Math.Min(Math.Min(wanted, WireDefaults.MaxDataPayload), _sendCredit.Available);
            if (count == 0 && wanted > 0)
            {
                return -1;
            }

            _sendCredit.Sent(count);
            _outputEnded = end && count == wanted;
            return count;
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
        Closed,
    }
}
