using Microsoft.Extensions.Options;
using Tunnel.Relay.Connect;
using Tunnel.Relay.Errors;
using Tunnel.Relay.Registry;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Where requests wait while their tunnel's agents are between two links, or gone a moment ago. No body is read meanwhile, so nothing but
/// the request itself is held, and a visitor who leaves frees the place.
/// </summary>
internal sealed class ParkingLot(IOptions<TunnelRelayOptions> options, VisitorOpener opener, RelayDrain drain, TimeProvider time)
{
    private int _count;

    /// <summary>Requests that wait now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Waits until an agent takes the request, and says why if none does in time.</summary>
    /// <exception cref="OperationCanceledException">The visitor has left.</exception>
    public async Task<OpenAttempt> ParkAsync(VisitorRequest request, TunnelPool pool, int headBytes)
    {
        var longest = time.GetTimestamp() + Ticks(LongestWait);
        if (NotWorthWaiting(request, pool, longest) is { } reason)
        {
            return OpenAttempt.Failed(reason);
        }

        if (!TryEnter(pool, headBytes))
        {
            return OpenAttempt.Failed(RelayError.TooManyWait);
        }

        try
        {
            return await WaitAsync(request, pool, longest);
        }
        finally
        {
            pool.Parked.Remove(headBytes);
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>Also where no link is ever waited for: an agent that has a link and no room gets some time.</summary>
    private TimeSpan LongestWait => options.Value.ResumeGrace > RelayDefaults.ResumeGrace ? options.Value.ResumeGrace : RelayDefaults.ResumeGrace;

    private bool TryEnter(TunnelPool pool, int headBytes)
    {
        if (Interlocked.Increment(ref _count) <= RelayDefaults.Parked && pool.Parked.TryAdd(headBytes))
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    private async Task<OpenAttempt> WaitAsync(VisitorRequest request, TunnelPool pool, long longest)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(request.Context.RequestAborted, drain.Stopping);
        while (true)
        {
            // Asked for before the attempt: what changes between the two ends the wait below at once.
            var changed = pool.WhenChangedAsync();
            var attempt = opener.TryOpen(request, pool);
            if (attempt.Outcome is not (OpenOutcome.NotNow or OpenOutcome.Leaving))
            {
                return attempt;
            }

            if (NotWorthWaiting(request, pool, longest) is { } reason)
            {
                return OpenAttempt.Failed(reason);
            }

            try
            {
                var until = pool.WaitsUntil(longest) ?? time.GetTimestamp();
                await changed.WaitAsync(Left(until), time, leaving.Token);
            }
            catch (TimeoutException)
            {
                // The next round finds out what that means.
            }
            catch (OperationCanceledException) when (!request.Context.RequestAborted.IsCancellationRequested)
            {
                return OpenAttempt.Failed(RelayError.ShuttingDown);
            }
        }
    }

    private RelayError? NotWorthWaiting(VisitorRequest request, TunnelPool pool, long longest)
    {
        if (drain.Stopping.IsCancellationRequested)
        {
            return RelayError.ShuttingDown;
        }

        if (longest <= time.GetTimestamp() || pool.WaitsUntil(longest) is not { } until || until <= time.GetTimestamp())
        {
            return pool.Members.Any(member => member.Session.Wire is { IsLinked: true, IsAccepting: true }) ? RelayError.TooManyExchanges : RelayError.AgentAway;
        }

        // Those that refuse for lack of slots do so again; one that goes is about to be replaced.
        return request.RefusedBy is { } refused
            && pool.Members is { Length: > 0 } members
            && members.All(member => refused.Contains(member) && member.Session.Wire.IsAccepting)
                ? RelayError.TooManyExchanges
                : null;
    }

    private TimeSpan Left(long until)
    {
        var left = time.GetElapsedTime(time.GetTimestamp(), until);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
