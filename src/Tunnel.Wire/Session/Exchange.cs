using System.IO.Pipelines;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>
/// One HTTP message pair, or one byte stream both ways after an upgrade, seen from one end of a session. This is what the relay's
/// ingress and the agent's servers work with; they never see frames. One reader and one writer at a time. Whoever opened it, or was
/// handed it, disposes it exactly once when nothing of it is in use any more.
/// </summary>
internal sealed partial class Exchange : IDisposable, IRoomHandler
{
    private readonly Lock _gate = new(); // guards every field, here and in the other parts; held for moments, never across an await
    private readonly TunnelSession _session;
    private ErrorCode? _error;
    private IAbortHandler? _abortHandler;
    private bool _disposed;

    /// <summary>An exchange opened from here with a head of these flags.</summary>
    internal Exchange(TunnelSession session, uint id, FrameFlags flags)
        : this(session, id, sendCredit: (flags & FrameFlags.NoCredit) != 0 ? 0 : WireDefaults.CreditFloor, receiveWithheld: false) =>
        _outputEnded = (flags & FrameFlags.End) != 0;

    private Exchange(TunnelSession session, uint id, long sendCredit, bool receiveWithheld)
    {
        _session = session;
        Id = id;
        _sendCredit = new SendCredit(sendCredit);
        _window = new ReceiveWindow(session.Pool, session.Time, receiveWithheld);
        _output = new OutboundStream(id, this);
        Input = new ExchangeInput(this);
    }

    /// <summary>An exchange that the peer opened; its head is received next.</summary>
    internal static Exchange OpenedByPeer(TunnelSession session, in FrameHeader head) => new(
        session, head.ExchangeId, WireDefaults.CreditFloor, receiveWithheld: (head.Flags & FrameFlags.NoCredit) != 0);

    /// <summary>The exchange's number in its session; never used twice.</summary>
    public uint Id { get; }

    /// <summary>A number that changes while the other side takes the body that is sent, or sends heads: whoever waits for a head sees life in it.</summary>
    public long Moved
    {
        get
        {
            lock (_gate)
            {
                return _sendCredit.Moved + _headsReceived;
            }
        }
    }

    /// <summary>Bytes of body, or of an upgraded stream, that were sent and received so far, as they travel on the link.</summary>
    public (long Sent, long Received) Carried
    {
        get
        {
            lock (_gate)
            {
                return (_sendCredit.Total, _window.Total);
            }
        }
    }

    /// <summary>Gives up both directions; whoever waits here fails at once.</summary>
    public void Abort(ErrorCode code)
    {
        Reset(code);
        StopReading(code);
        Fail(code);
    }

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
            if (!_disposed)
            {
                _disposed = true;
                ReleaseInput();
            }
        }
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

    /// <summary>Tells the peer again how far it may send, because a link that it was told on is gone.</summary>
    internal void RepeatCredit()
    {
        long limit;
        lock (_gate)
        {
            if (_inputEnded || _inputStopped || _error is not null || !_window.IsTold)
            {
                return;
            }

            limit = _window.Granted;
        }

        _session.Outbound.Credit(_output, limit);
    }
}
