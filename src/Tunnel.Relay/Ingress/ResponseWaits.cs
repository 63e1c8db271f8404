using Microsoft.Extensions.Options;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Ends waits for a response's head in which nothing has moved for too long. One timer looks through all of them, so that a wait costs two
/// steps under a lock and no memory: the list's nodes are the requests, of which there are no more than sessions take. A wait ends never
/// early, and at most a quarter of the time-out late.
/// </summary>
internal sealed class ResponseWaits : IDisposable
{
    private const int LooksPerTimeout = 8; // movement is noticed one look late, and so is the end

    private readonly Lock _gate = new(); // guards the fields below and the places of those that wait
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ITimer? _timer; // none where visitors may wait for ever
    private ResponseWait? _first;
    private bool _isArmed; // only while somebody waits

    public ResponseWaits(IOptions<TunnelRelayOptions> options, TimeProvider time)
    {
        _timeout = options.Value.ResponseTimeout;
        _time = time;
        if (_timeout > TimeSpan.Zero)
        {
            _timer = time.CreateTimer(static state => ((ResponseWaits)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Begins a wait.</summary>
    public void Add(ResponseWait wait)
    {
        if (_timer is null)
        {
            return;
        }

        lock (_gate)
        {
            wait.Place = new ResponseWaitPlace(null, _first, _time.GetTimestamp(), wait.Moved);
            if (_first is not null)
            {
                _first.Place.Before = wait;
            }

            _first = wait;
            wait.IsWaiting = true;
            Arm();
        }
    }

    /// <summary>Ends a wait. One that was given up says so from here on.</summary>
    public void Remove(ResponseWait wait)
    {
        lock (_gate)
        {
            if (wait.IsWaiting)
            {
                Unlink(wait);
            }
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        List<ResponseWait>? over = null;
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            for (var wait = _first; wait is not null;)
            {
                ref var place = ref wait.Place;
                var next = place.After;
                var moved = wait.Moved;
                if (moved != place.Moved)
                {
                    (place.Moved, place.Since) = (moved, now);
                }
                else if (_time.GetElapsedTime(place.Since, now) >= _timeout)
                {
                    Unlink(wait);
                    wait.IsGivenUp = true;
                    (over ??= []).Add(wait);
                }

                wait = next;
            }

            _isArmed = false;
            if (_first is not null)
            {
                Arm();
            }
        }

        over?.ForEach(static wait => wait.GiveUp());
    }

    private void Arm()
    {
        if (!_isArmed)
        {
            _isArmed = true;
            _timer!.Change(_timeout / LooksPerTimeout, Timeout.InfiniteTimeSpan);
        }
    }

    private void Unlink(ResponseWait wait)
    {
        var (before, after) = (wait.Place.Before, wait.Place.After);
        if (before is null)
        {
            _first = after;
        }
        else
        {
            before.Place.After = after;
        }

        if (after is not null)
        {
            after.Place.Before = before;
        }

        wait.Place = default;
        wait.IsWaiting = false;
    }
}
