using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>
/// The exchanges between a relay and an agent, over one link after the other. It routes what arrives and decides what a link's end means;
/// sequence, log, windows, liveness and the table of exchanges are types of their own. The relay opens exchanges, the agent takes them
/// through an <see cref="IExchangeHandler"/>.
/// </summary>
internal sealed partial class TunnelSession : IAsyncDisposable, IExchangeOpener, IOutboundOwner
{
    private static readonly TimeSpan TimerPeriod = TimeSpan.FromSeconds(5);

    private readonly ExchangeTable _exchanges = new();
    private readonly IExchangeHandler? _handler;
    private readonly ITimer _timer;
    private readonly TaskCompletionSource _peerLeaving = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TunnelSession(IExchangeHandler? handler, MemoryBudget budget, TimeProvider time)
    {
        _handler = handler;
        Time = time;
        Pool = new CreditPool(budget);
        Outbound = new Outbound(budget, time, this);
        _timer = time.CreateTimer(static state => ((TunnelSession)state!).Check(), this, TimerPeriod, TimerPeriod);
        _acks = new Acknowledger(_receiving, Outbound, time);
        _router = new FrameRouter(_exchanges, handler, this, Outbound);
    }

    /// <summary>Raised, on a thread-pool thread, when the session was linked, lost its link, has room again, begins to leave, or is over.</summary>
    public event Action<TunnelSession>? Changed;

    internal Outbound Outbound { get; }

    internal CreditPool Pool { get; }

    internal TimeProvider Time { get; }

    /// <summary>Whether both sides have agreed that bodies of responses may travel compressed.</summary>
    public bool CompressesBodies { get; init; }

    /// <summary>Whether the session has ended for good.</summary>
    public bool IsOver => _exchanges.IsOver;

    /// <summary>Whether the session takes new exchanges, now or when it has a link again.</summary>
    public bool IsAccepting => !_exchanges.IsOver && !_exchanges.IsLeaving;

    /// <summary>Exchanges that are open now.</summary>
    public int OpenExchanges => _exchanges.Count;

    /// <summary>Completes when the peer has said that it is going away, or the session is over.</summary>
    public Task PeerLeaving => _peerLeaving.Task;

    /// <summary>Opens an exchange by sending its head.</summary>
    public OpenOutcome TryOpen(ReadOnlySpan<byte> head, FrameFlags flags, out Exchange? exchange)
    {
        var outcome = _exchanges.TryOpen(this, flags, head, out exchange);
        if (outcome == OpenOutcome.Opened)
        {
            Outbound.Flush();
        }

        return outcome;
    }

    /// <summary>Takes no new exchanges, tells the peer, and completes when the open ones have ended.</summary>
    public Task DrainAsync()
    {
        Outbound.GoAway(_exchanges.Leave());
        RaiseChanged();
        return _exchanges.WhenDrainedAsync();
    }

    /// <summary>
    /// Gives up what is still open, waits until the peer has everything that was written, tells it that the session is over, and closes the
    /// link in order. Never ends by itself while there is no link: the caller bounds it.
    /// </summary>
    public async Task CloseAsync()
    {
        Outbound.GoAway(_exchanges.Leave());
        foreach (var exchange in _exchanges.Snapshot())
        {
            exchange.Abort(ErrorCode.Going);
        }

        await Outbound.WhenAcknowledgedAsync().ConfigureAwait(false);
        ILink? link;
        Task run;
        lock (_receiving)
        {
            link = _link;
            run = _run;
            _isClosing = true;
        }

        if (link is not null)
        {
            await SayCloseAsync(link, ErrorCode.Going).ConfigureAwait(false);

            // The peer closes its side in answer; aborting before that could cost it what is still on the way.
            await WaitBrieflyAsync(run).ConfigureAwait(false);
        }

        End(ErrorCode.LinkLost);
    }

    /// <summary>The session is over at once: everything open fails with the code, and a link that is still there is aborted.</summary>
    public void End(ErrorCode code)
    {
        if (_exchanges.End() is not { } open)
        {
            return;
        }

        ILink? link;
        lock (_receiving)
        {
            link = _link;
            Unlink();
            _inbound.Release();
        }

        link?.Abort();
        _timer.Dispose();
        _acks.Dispose();
        Outbound.Close();
        foreach (var exchange in open)
        {
            exchange.Fail(code);
        }

        _peerLeaving.TrySetResult();
        RaiseChanged();
    }

    public ValueTask DisposeAsync()
    {
        End(ErrorCode.LinkLost);
        return ValueTask.CompletedTask;
    }

    internal void Forget(Exchange exchange) => _exchanges.Remove(exchange);

    OpenOutcome IExchangeOpener.TryOpen(uint id, FrameFlags flags, ReadOnlySpan<byte> head, out Exchange? exchange)
    {
        exchange = null;
        if (!_isLinked || _isClosing)
        {
            return OpenOutcome.NotNow;
        }

        if (!Pool.TryReserveFloor())
        {
            return OpenOutcome.NoMemory;
        }

        var opened = new Exchange(this, id, flags);
        if (!opened.TrySendFirst(flags, head))
        {
            Pool.ReleaseFloor();
            return OpenOutcome.NotNow;
        }

        exchange = opened;
        return OpenOutcome.Opened;
    }

    Exchange? IExchangeOpener.Accept(in FrameHeader head) =>
        Pool.TryReserveFloor() ? Exchange.OpenedByPeer(this, head) : null;

    void IOutboundOwner.OnSendFailed(Exception exception)
    {
        // The receiving loop sees the link's end as soon as it is aborted.
    }

    void IOutboundOwner.OnRoom() => RaiseChanged();

    void IOutboundOwner.OnOverflow() => ThreadPool.UnsafeQueueUserWorkItem(
        static session => session.End(ErrorCode.ProtocolError), this, preferLocal: false);

    private void RaiseChanged()
    {
        if (Changed is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static session => session.Changed?.Invoke(session), this, preferLocal: false);
        }
    }
}
