using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>
/// The exchanges between a relay and an agent over one link. It routes frames and keeps the table; windows, liveness and sending are
/// types of their own. The relay opens exchanges, the agent takes them through an <see cref="IExchangeHandler"/>.
/// </summary>
internal sealed class TunnelSession : IAsyncDisposable
{
    private static readonly TimeSpan TimerPeriod = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new(); // guards the table and the fields below it
    private readonly Dictionary<uint, Exchange> _exchanges = [];
    private uint _highestId;
    private bool _ended;
    private bool _leaving;
    private TaskCompletionSource? _drained;

    private readonly ILink _link;
    private readonly IExchangeHandler? _handler;
    private readonly KeepAlive _keepAlive;
    private readonly ITimer _timer;
    private readonly List<Exchange> _touched = []; // this and _opened belong to the receiving loop
    private readonly List<Exchange> _opened = [];
    private Exception? _failure;

    public TunnelSession(ILink link, IExchangeHandler? handler, TimeProvider time)
    {
        _link = link;
        _handler = handler;
        Outbound = new Outbound(link, Fail);
        _keepAlive = new KeepAlive(time);
        _timer = time.CreateTimer(static state => ((TunnelSession)state!).CheckPeer(), this, TimerPeriod, TimerPeriod);
    }

    internal Outbound Outbound { get; }

    /// <summary>Exchanges that are open now.</summary>
    public int OpenExchanges
    {
        get
        {
            lock (_gate)
            {
                return _exchanges.Count;
            }
        }
    }

    /// <summary>Whether the session takes new exchanges.</summary>
    public bool IsAccepting
    {
        get
        {
            lock (_gate)
            {
                return !_ended && !_leaving;
            }
        }
    }

    /// <summary>
    /// Opens an exchange by sending its head, or returns <see langword="null"/> when the session has ended, drains, or has too many.
    /// </summary>
    public Exchange? TryOpen(ReadOnlySpan<byte> head, FrameFlags flags = FrameFlags.None)
    {
        Exchange exchange;
        lock (_gate)
        {
            if (_ended || _leaving || _exchanges.Count >= WireDefaults.MaxOpenExchanges || _highestId == uint.MaxValue)
            {
                return null;
            }

            exchange = new Exchange(this, _highestId + 1, flags);
            _exchanges.Add(exchange.Id, exchange);
            _highestId = exchange.Id;

            // In here, because heads have to leave in the order of their numbers: the peer takes a lower one for one that is over.
            Outbound.Write(FrameType.Head, flags, exchange.Id, head, flush: false);
        }

        Outbound.Flush();
        return exchange;
    }

    /// <summary>Receives until the link ends. Returns why it ended: <see langword="null"/> for a close by the peer or by us.</summary>
    public async Task<Exception?> RunAsync()
    {
        try
        {
            while (true)
            {
                var message = await _link.ReceiveAsync().ConfigureAwait(false);
                if (message.IsEmpty)
                {
                    break;
                }

                _keepAlive.Received();
                Receive(message.Span);
            }
        }
        catch (Exception exception)
        {
            _failure ??= exception;
        }

        await EndAsync().ConfigureAwait(false);
        return _failure;
    }

    /// <summary>Takes no new exchanges, tells the peer, and completes when the open ones have ended.</summary>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            _leaving = true;
            if (!_ended)
            {
                Outbound.Write(FrameType.GoAway, FrameFlags.None, 0, default, flush: true);
            }

            if (_exchanges.Count == 0)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>Sends what is left and closes the link in order.</summary>
    public async Task CloseAsync()
    {
        await Outbound.WhenIdleAsync().ConfigureAwait(false);
        await _link.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the link at once.</summary>
    public void Abort() => _link.Abort();

    public async ValueTask DisposeAsync()
    {
        _link.Abort();
        await EndAsync().ConfigureAwait(false);
        await _link.DisposeAsync().ConfigureAwait(false);
    }

    internal void Forget(Exchange exchange)
    {
        lock (_gate)
        {
            _exchanges.Remove(exchange.Id);
            if (_exchanges.Count == 0)
            {
                _drained?.TrySetResult();
            }
        }
    }

    private void Receive(ReadOnlySpan<byte> message)
    {
        try
        {
            while (!message.IsEmpty)
            {
                var header = FrameCodec.Read(ref message, out var payload);
                Route(header, payload);
            }
        }
        finally
        {
            // Also before a malformed frame: who opened an exchange waits for it to be answered or disposed.
            foreach (var exchange in _touched)
            {
                exchange.FlushInput();
            }

            _touched.Clear();
            foreach (var exchange in _opened)
            {
                _handler!.OnOpened(exchange);
            }

            _opened.Clear();
        }
    }

    private void Route(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Type)
        {
            case FrameType.Ping:
                Outbound.Write(FrameType.Pong, FrameFlags.None, 0, default, flush: true);
                return;
            case FrameType.Pong:
                return;
            case FrameType.GoAway:
                lock (_gate)
                {
                    _leaving = true;
                }

                return;
        }

        if (Find(header) is not { } exchange)
        {
            return;
        }

        switch (header.Type)
        {
            case FrameType.Head:
                exchange.ReceiveHead(header, payload);
                _touched.Add(exchange);
                break;
            case FrameType.Data:
                exchange.ReceiveData(header, payload);
                _touched.Add(exchange);
                break;
            case FrameType.Credit:
                exchange.ReceiveCredit((long)Math.Min(Varint.Read(ref payload), long.MaxValue));
                break;
            case FrameType.Reset:
                exchange.Fail(ReadCode(payload));
                break;
            case FrameType.Stop:
                exchange.ReceiveStop(ReadCode(payload));
                break;
            default:
                throw new WireFormatException("A frame has an unknown type.");
        }
    }

    /// <summary>The exchange of a frame; a request head opens one. Frames of exchanges that are over are ignored.</summary>
    private Exchange? Find(in FrameHeader header)
    {
        lock (_gate)
        {
            if (_exchanges.TryGetValue(header.ExchangeId, out var exchange) || header.ExchangeId <= _highestId)
            {
                return exchange;
            }

            if (_handler is null || header.Type != FrameType.Head || header.IsTrailers)
            {
                throw new WireFormatException("A frame belongs to an exchange that was never opened.");
            }

            _highestId = header.ExchangeId;
            if (!_leaving && _exchanges.Count < WireDefaults.MaxOpenExchanges)
            {
                var opened = Exchange.OpenedByPeer(this, header);
                _exchanges.Add(opened.Id, opened);
                _opened.Add(opened);
                return opened;
            }
        }

        Outbound.Write(FrameType.Reset, FrameFlags.None, header.ExchangeId, [(byte)ErrorCode.Refused], flush: true);
        return null;
    }

    private static ErrorCode ReadCode(ReadOnlySpan<byte> payload) => payload.IsEmpty ? ErrorCode.Failed : (ErrorCode)payload[0];

    private void CheckPeer()
    {
        switch (_keepAlive.Check())
        {
            case KeepAliveAction.Ping:
                Outbound.Write(FrameType.Ping, FrameFlags.None, 0, default, flush: true);
                break;
            case KeepAliveAction.GiveUp:
                Fail(new TimeoutException("The peer has been silent for too long."));
                break;
        }
    }

    private void Fail(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, exception, null);
        _link.Abort();
    }

    private async Task EndAsync()
    {
        Exchange[] open;
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            open = [.. _exchanges.Values];
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        Outbound.Close();
        foreach (var exchange in open)
        {
            exchange.Fail(ErrorCode.LinkLost);
        }
    }
}
