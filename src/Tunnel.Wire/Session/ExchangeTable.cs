using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>
/// The exchanges that a session has open, by number, and whether it takes more. An exchange stays until its owner disposes it and not
/// until it was reset, so that quick resets cost no more work than the limit allows (CVE-2023-44487).
/// </summary>
internal sealed class ExchangeTable
{
    private readonly Lock _gate = new(); // guards every field; the count may be read without it
    private readonly Dictionary<uint, Exchange> _open = [];
    private volatile int _count; // of those
    private uint _highestId;
    private uint _lastId = uint.MaxValue; // the highest that is served
    private bool _isLeaving; // one of the two sides is
    private bool _hasLeft; // this one
    private bool _isOver;
    private TaskCompletionSource? _drained;

    public int Count => _count;

    public bool IsLeaving
    {
        get
        {
            lock (_gate)
            {
                return _isLeaving;
            }
        }
    }

    /// <summary>Whether this side has said that it takes no more.</summary>
    public bool HasLeft
    {
        get
        {
            lock (_gate)
            {
                return _hasLeft;
            }
        }
    }

    public bool IsOver
    {
        get
        {
            lock (_gate)
            {
                return _isOver;
            }
        }
    }

    /// <summary>Opens an exchange from here. The head is sent under the lock: heads have to leave in the order of their numbers.</summary>
    public OpenOutcome TryOpen(IExchangeOpener opener, FrameFlags flags, ReadOnlySpan<byte> head, out Exchange? exchange)
    {
        exchange = null;
        lock (_gate)
        {
            if (_isOver || _isLeaving || _highestId == uint.MaxValue)
            {
                return OpenOutcome.Leaving;
            }

            if (_open.Count >= WireDefaults.MaxOpenExchanges)
            {
                return OpenOutcome.TooMany;
            }

            var outcome = opener.TryOpen(_highestId + 1, flags, head, out exchange);
            if (exchange is not null)
            {
                _open.Add(exchange.Id, exchange);
                _count = _open.Count;
                _highestId = exchange.Id;
            }

            return outcome;
        }
    }

    /// <summary>
    /// The exchange that a frame belongs to. A request head opens one through <paramref name="opener"/>; frames of exchanges that are over
    /// give nothing.
    /// </summary>
    /// <exception cref="WireFormatException">The frame belongs to an exchange that was never opened.</exception>
    public Exchange? Find(in FrameHeader header, IExchangeOpener? opener, out FrameVerdict verdict)
    {
        lock (_gate)
        {
            verdict = FrameVerdict.Known;
            if (_open.TryGetValue(header.ExchangeId, out var exchange))
            {
                return exchange;
            }

            if (header.ExchangeId <= _highestId)
            {
                verdict = FrameVerdict.Over;
                return null;
            }

            if (opener is null || header.Type != FrameType.Head || header.IsTrailers)
            {
                throw new WireFormatException("A frame belongs to an exchange that was never opened.");
            }

            _highestId = header.ExchangeId;
            verdict = FrameVerdict.Refused;
            if (_isOver || header.ExchangeId > _lastId || _open.Count >= WireDefaults.MaxOpenExchanges
                || opener.Accept(header) is not { } opened)
            {
                return null;
            }

            verdict = FrameVerdict.Opened;
            _open.Add(opened.Id, opened);
            _count = _open.Count;
            return opened;
        }
    }

    public Exchange? Find(uint id)
    {
        lock (_gate)
        {
            return _open.GetValueOrDefault(id);
        }
    }

    public Exchange[] Snapshot()
    {
        lock (_gate)
        {
            return [.. _open.Values];
        }
    }

    public void Remove(Exchange exchange)
    {
        lock (_gate)
        {
            _open.Remove(exchange.Id);
            _count = _open.Count;
            if (_open.Count == 0)
            {
                _drained?.TrySetResult();
            }
        }
    }

    /// <summary>Takes no more from here on.</summary>
    /// <returns>The highest exchange that is still served.</returns>
    public uint Leave()
    {
        lock (_gate)
        {
            if (!_hasLeft)
            {
                _hasLeft = _isLeaving = true;
                _lastId = _highestId;
            }

            return _lastId;
        }
    }

    /// <summary>The peer takes no more; none that was opened from here above this one reached it.</summary>
    public void PeerLeaves(uint lastId, List<Exchange> refused)
    {
        lock (_gate)
        {
            _isLeaving = true;
            foreach (var exchange in _open.Values)
            {
                if (exchange.Id > lastId)
                {
                    refused.Add(exchange);
                }
            }
        }
    }

    /// <summary>Ends it; gives what was open, or null when it had ended before.</summary>
    public Exchange[]? End()
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return null;
            }

            _isOver = true;
            return [.. _open.Values];
        }
    }

    /// <summary>Completes when no exchange is open any more.</summary>
    public Task WhenDrainedAsync()
    {
        lock (_gate)
        {
            if (_open.Count == 0)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }
}

/// <summary>What a frame's exchange is to this side.</summary>
internal enum FrameVerdict
{
    Known,

    /// <summary>It is over; the frame is ignored.</summary>
    Over,

    /// <summary>It was opened by this frame.</summary>
    Opened,

    /// <summary>It would have been opened, but there is no place for it.</summary>
    Refused,
}

/// <summary>Makes exchanges for the table. Called under the table's lock.</summary>
internal interface IExchangeOpener
{
    OpenOutcome TryOpen(uint id, FrameFlags flags, ReadOnlySpan<byte> head, out Exchange? exchange);

    /// <summary>Gives null where there is no memory for another exchange.</summary>
    Exchange? Accept(in FrameHeader head);
}
