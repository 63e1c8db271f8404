using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Resume;

namespace Tunnel.Wire.Session;

/// <summary>The links that carry the session, one after the other: how each begins, what it brings, whether it lives, what its end means.</summary>
internal sealed partial class TunnelSession
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    // Guards what arrives: the sequence, acks, liveness and which link is the current one. What an older link still delivers is compared
    // with it under this lock, and dropped.
    private readonly Lock _receiving = new();
    private readonly InboundSequence _inbound = new();
    private readonly FrameRouter _router;
    private readonly Acknowledger _acks;
    private LinkTicket? _ticket;
    private ILink? _link;
    private KeepAlive? _keepAlive;
    private int _epoch;
    private long _roundTripTicks = TimeSpan.TicksPerMillisecond * 50;
    private volatile bool _hasRoundTrip;
    private volatile bool _isLinked;
    private volatile bool _isClosing; // this side or the peer has said that the session is over
    private ErrorCode? _peerClosed; // why, as the peer said; guarded by _receiving
    private Task _run = Task.CompletedTask; // of the current link; guarded by _receiving

    /// <summary>Whether a link carries the session now.</summary>
    public bool IsLinked => _isLinked;

    public TimeSpan RoundTrip => new(Volatile.Read(ref _roundTripTicks));

    /// <summary>The same, or null while it is a guess.</summary>
    internal TimeSpan? MeasuredRoundTrip => _hasRoundTrip ? RoundTrip : null;

    /// <summary>
    /// Makes room for the session's next link: the one before is aborted, and what it still delivers is dropped. The link that comes with
    /// the ticket is run by <see cref="RunAsync"/>; a ticket that never gets one leaves the session without a link.
    /// </summary>
    public LinkTicket Fence()
    {
        LinkTicket ticket;
        ILink? before;
        lock (_receiving)
        {
            ticket = new LinkTicket(++_epoch, _inbound.Received);
            _ticket = ticket;
            before = _link;
            Unlink();
        }

        before?.Abort();
        return ticket;
    }

    /// <summary>Carries the session over a link until the link ends. The caller disposes the link.</summary>
    /// <param name="ticket">The latest one; an older one ends at once as fenced.</param>
    /// <param name="link">The link, registered.</param>
    /// <param name="peerReceived">The offset up to which the peer has received this side's sequence: 0 for the first link.</param>
    public async Task<LinkEnd> RunAsync(LinkTicket ticket, ILink link, long peerReceived)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            return await CarryAsync(ticket, link, peerReceived, ended.Task).ConfigureAwait(false);
        }
        finally
        {
            ended.SetResult();
        }
    }

    private async Task<LinkEnd> CarryAsync(LinkTicket ticket, ILink link, long peerReceived, Task run)
    {
        Exception? error = null;
        var isSilent = true;
        try
        {
            if (!TryBegin(ticket, link, peerReceived, run))
            {
                link.Abort();
                return new LinkEnd(IsOver ? LinkEndKind.SessionOver : LinkEndKind.Fenced);
            }

            RaiseChanged();
            while (await link.ReceiveAsync().ConfigureAwait(false) is { IsEmpty: false } message)
            {
                isSilent = false;
                if (!Receive(ticket, message.Span))
                {
                    break;
                }
            }
        }
        catch (WireFormatException exception)
        {
            // The next link would bring the same bytes again.
            error = exception;
            _isClosing = true;
            await SayCloseAsync(link, ErrorCode.ProtocolError).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            error = exception;
        }

        var end = await EndOfLinkAsync(ticket, link, error).ConfigureAwait(false);
        return end with { WasSilent = isSilent };
    }

    /// <summary>
    /// An end in order closes the link; any other aborts it, so that sends which wait fail at once. Whoever ran the link disposes it.
    /// </summary>
    private async Task<LinkEnd> EndOfLinkAsync(LinkTicket ticket, ILink link, Exception? error)
    {
        bool isCurrent;
        ErrorCode? closed;
        lock (_receiving)
        {
            closed = _peerClosed;
            isCurrent = _ticket == ticket;
            if (isCurrent)
            {
                Unlink();
            }
        }

        if (isCurrent && _isClosing)
        {
            // And no abort behind it: a server that still holds the last messages would drop them.
            await link.CloseAsync().ConfigureAwait(false);
            End(ErrorCode.LinkLost);
        }
        else
        {
            link.Abort();
        }

        if (IsOver)
        {
            return new LinkEnd(LinkEndKind.SessionOver, error, closed);
        }

        if (isCurrent)
        {
            RaiseChanged();
        }

        return new LinkEnd(isCurrent ? LinkEndKind.Lost : LinkEndKind.Fenced, error);
    }

    /// <summary>The machine has slept, or its network has changed: a link that does not answer within five seconds counts as lost.</summary>
    public void ProbeLink()
    {
        lock (_receiving)
        {
            if (_keepAlive is { } keepAlive && _isLinked)
            {
                Outbound.Ping(keepAlive.Probe());
            }
        }
    }

    private async Task SayCloseAsync(ILink link, ErrorCode code)
    {
        Outbound.SayClose(code);
        await WaitBrieflyAsync(Outbound.WhenIdleAsync()).ConfigureAwait(false);
        await link.CloseAsync().ConfigureAwait(false);
    }

    private async Task WaitBrieflyAsync(Task task)
    {
        try
        {
            await task.WaitAsync(CloseTimeout, Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The peer does not answer; nothing is lost that it would still take.
        }
    }

    private bool TryBegin(LinkTicket ticket, ILink link, long peerReceived, Task run)
    {
        LinkSender sender;
        lock (_receiving)
        {
            if (_ticket != ticket || IsOver)
            {
                return false;
            }

            _link = link;
            _run = run;
            _keepAlive = new KeepAlive(Time);
            sender = Outbound.Attach(link, peerReceived);
            _isLinked = true;
            Outbound.Ping(_keepAlive.Ping());
            _acks.Begin(_inbound.Received);
        }

        foreach (var exchange in _exchanges.Snapshot())
        {
            exchange.RepeatCredit();
        }

        if (_exchanges.HasLeft)
        {
            Outbound.GoAway(_exchanges.Leave());
        }

        Outbound.Start(sender);
        return true;
    }

    private void Unlink()
    {
        _link = null;
        _isLinked = false;
        Outbound.Detach();
    }

    /// <returns>Whether the link goes on.</returns>
    private bool Receive(LinkTicket ticket, ReadOnlySpan<byte> message)
    {
        lock (_receiving)
        {
            if (_ticket != ticket || _link is null)
            {
                return false;
            }

            var goesOn = true;
            _keepAlive!.MessageArrived();
            if (Message.IsControl(message))
            {
                goesOn = ReceiveControl(message[1..]);
            }
            else
            {
                var offset = Message.ReadDataHeader(ref message, out var ackWanted);
                var bytes = _inbound.Accept(offset, message);
                _acks.Received(_inbound.Received, bytes.Length, ackWanted);
                _router.Receive(_inbound, bytes);
            }

            ticket.HasReceived = true;
            return goesOn;
        }
    }

    /// <returns>False if the peer has said that the session is over.</returns>
    private bool ReceiveControl(ReadOnlySpan<byte> records)
    {
        ulong? ping = null;
        while (!records.IsEmpty)
        {
            var record = ControlCodec.Read(ref records);
            switch (record.Type)
            {
                case ControlType.Ping:
                    ping = record.First;
                    break;
                case ControlType.Pong:
                    if (_keepAlive!.PongArrived(record.First))
                    {
                        Outbound.Ping(_keepAlive.Ping());
                    }

                    Volatile.Write(ref _roundTripTicks, _keepAlive.RoundTrip.Ticks);
                    _hasRoundTrip = true;
                    break;
                case ControlType.Ack:
                    if (Outbound.Acknowledged((long)Math.Min(record.First, long.MaxValue)))
                    {
                        _keepAlive!.AckMoved();
                    }

                    break;
                case ControlType.Credit when record.First <= uint.MaxValue:
                    _exchanges.Find((uint)record.First)?.ReceiveCredit((long)Math.Min(record.Second, long.MaxValue));
                    break;
                case ControlType.GoAway:
                    PeerLeaves((uint)Math.Min(record.First, uint.MaxValue));
                    break;
                case ControlType.Close:
                    _isClosing = true;
                    _peerClosed = (ErrorCode)Math.Min(record.First, (ulong)ErrorCode.Unknown);
                    return false;
            }
        }

        if (ping is { } nonce)
        {
            Outbound.Pong(nonce); // once, however many a message held
        }

        return true;
    }

    private void PeerLeaves(uint lastId)
    {
        if (!_peerLeaving.TrySetResult())
        {
            return; // said again
        }

        if (_handler is null)
        {
            var refused = new List<Exchange>();
            _exchanges.PeerLeaves(lastId, refused);
            foreach (var exchange in refused)
            {
                exchange.Fail(ErrorCode.Refused);
            }
        }

        RaiseChanged();
    }

    private void Check()
    {
        ILink? dead = null;
        lock (_receiving)
        {
            if (_link is not null)
            {
                switch (_keepAlive!.Check(Outbound.IsUnacknowledged))
                {
                    case KeepAliveAction.Ping:
                        Outbound.Ping(_keepAlive.Ping());
                        break;
                    case KeepAliveAction.GiveUp:
                        dead = _link;
                        break;
                }
            }
        }

        dead?.Abort();
        Outbound.Trim();
    }
}
