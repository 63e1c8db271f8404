using Microsoft.Extensions.Logging;
using Tunnel.Agent.Diagnostics;
using Tunnel.Agent.Dialing;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Hosting;

/// <summary>
/// One session over its links: carries it over the first one, gets the next whenever one is lost, and ends it when the relay has ended it
/// or forgotten it, when no link comes in time, or when it is stopped.
/// </summary>
internal sealed partial class AgentSession
{
    private readonly TunnelSession _session;
    private readonly SessionLease _lease;
    private readonly AgentSessionContext _context;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopped = new(); // ends the wait for the next link; has no timer to dispose
    private volatile Redial _redial;
    private volatile bool _isCurrent = true; // what happens to the session is what happens to the tunnel
    private long _linkedAt;

    /// <summary>Takes over a link that was registered, and runs.</summary>
    public AgentSession(TunnelSession session, SessionLease lease, ILink link, AgentSessionContext context)
    {
        _session = session;
        _lease = lease;
        _context = context;
        _redial = context.Redial;
        _logger = context.Logger;
        Completion = RunAsync(link);
    }

    /// <summary>Completes when the session is over. Never fails.</summary>
    public Task<SessionEnding> Completion { get; }

    public bool IsOver => _session.IsOver;

    /// <summary>Completes when the relay has said that it is going away, or the session is over.</summary>
    public Task Leaving => _session.PeerLeaving;

    /// <summary>Another session is to take its place: from now on it dials for itself, and says nothing about the tunnel.</summary>
    public void Leave()
    {
        _isCurrent = false;
        _redial.Lived(_context.Time.GetElapsedTime(Volatile.Read(ref _linkedAt)));
        _redial = _redial.Fork();
    }

    /// <summary>
    /// Takes no new requests, lets the open ones finish within the time, then closes. Without a link it waits for one, within the same
    /// time, only if something is open. Never fails.
    /// </summary>
    public async Task StopAsync(TimeSpan drainTimeout)
    {
        _isCurrent = false;
        try
        {
            if (!_session.IsOver && (_session.IsLinked || _session.OpenExchanges > 0))
            {
                await DrainAndCloseAsync(drainTimeout).ConfigureAwait(false);
                await Completion.WaitAsync(AgentDefaults.CloseTimeout, _context.Time).ConfigureAwait(false);
            }
        }
        catch (TimeoutException)
        {
            // The relay, or the way to it, does not take the rest.
        }
        catch (Exception exception)
        {
            LogFault(exception);
        }

        await _stopped.CancelAsync().ConfigureAwait(false);
        await _session.DisposeAsync().ConfigureAwait(false);
        await Completion.ConfigureAwait(false);
    }

    private async Task DrainAndCloseAsync(TimeSpan timeout)
    {
        var began = _context.Time.GetTimestamp();
        try
        {
            await _session.DrainAsync().WaitAsync(timeout, _context.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogDrainIncomplete(_session.OpenExchanges);
        }

        // What the requests left behind has to arrive yet, which may take the next link.
        var left = timeout - _context.Time.GetElapsedTime(began);
        var patience = left > AgentDefaults.CloseTimeout ? left : AgentDefaults.CloseTimeout;
        await _session.CloseAsync().WaitAsync(patience, _context.Time).ConfigureAwait(false);
    }

    private async Task<SessionEnding> RunAsync(ILink first)
    {
        _context.Wake.Woken += _session.ProbeLink;
        _context.Metrics.Opened(_session);
        try
        {
            return await CarryAsync(first).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // It would stop the whole app if it got further.
            LogFault(exception);
            return new SessionEnding(ReconnectReason.SessionClosed, SessionEnding.LostLink(exception));
        }
        finally
        {
            _context.Wake.Woken -= _session.ProbeLink;
            _session.End(ErrorCode.LinkLost);
            _context.Metrics.Closed(_session);
        }
    }

    private async Task<SessionEnding> CarryAsync(ILink first)
    {
        var end = await RunLinkAsync(first, _session.Fence(), peerReceived: 0).ConfigureAwait(false);
        while (end.Kind != LinkEndKind.SessionOver && !_session.IsOver && _lease.IsResumable)
        {
            _context.Metrics.Reconnecting(ReconnectReason.LinkLost);
            var (link, ticket, peerReceived, ending) = await NextLinkAsync(SessionEnding.LostLink(end.Error)).ConfigureAwait(false);
            if (ending is not null)
            {
                return ending;
            }

            LogResumed();
            if (_isCurrent)
            {
                _context.Status.Connected(_lease.Urls);
            }

            end = await RunLinkAsync(link!, ticket!, peerReceived).ConfigureAwait(false);
        }

        return new SessionEnding(ReconnectReason.SessionClosed, SessionEnding.LostLink(end.Error));
    }

    private async Task<LinkEnd> RunLinkAsync(ILink link, LinkTicket ticket, long peerReceived)
    {
        Volatile.Write(ref _linkedAt, _context.Time.GetTimestamp());
        await using (link.ConfigureAwait(false))
        {
            var end = await _session.RunAsync(ticket, link, peerReceived).ConfigureAwait(false);
            if (end is { Kind: LinkEndKind.Lost, WasSilent: true })
            {
                _context.Opener.CarriedNothing(link);
            }

            _redial.Lived(_context.Time.GetElapsedTime(_linkedAt));
            return end;
        }
    }

    /// <summary>Tries until there is a link, or the session is over: nobody keeps it any longer than the grace.</summary>
    private async Task<(ILink? Link, LinkTicket? Ticket, long PeerReceived, SessionEnding? Ending)> NextLinkAsync(
        TunnelFailure failure)
    {
        using var grace = new CancellationTokenSource(_lease.Grace + AgentDefaults.GraceMargin, _context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(grace.Token, _stopped.Token);
        TimeSpan? retryAfter = null;
        while (true)
        {
            var redial = _redial;

            // A path that fails again and again makes waits grow, but a session is worth several tries within its grace.
            redial.After(failure, retryAfter, longest: _lease.Grace / 4);
            if (_isCurrent)
            {
                _context.Status.Failed(failure);
            }

            try
            {
                await redial.WhenDueAsync(either.Token).ConfigureAwait(false);
                var ticket = _session.Fence(); // a new one for each attempt: what it says was received goes into the resume
                var (link, peerReceived) = await _context.Opener.ResumeAsync(_lease, ticket.Received, either.Token).ConfigureAwait(false);
                if (link is not null)
                {
                    return (link, ticket, peerReceived, null);
                }

                LogUnknown(_session.OpenExchanges);
                return (null, null, 0, new SessionEnding(ReconnectReason.SessionUnknown, Failure: null));
            }
            catch (DialException exception)
            {
                failure = exception.Failure;
                retryAfter = exception.RetryAfter;
            }
            catch (OperationCanceledException)
            {
                if (!_stopped.IsCancellationRequested)
                {
                    LogGraceOver(_lease.Grace.TotalSeconds, _session.OpenExchanges);
                }

                return (null, null, 0, new SessionEnding(ReconnectReason.GraceOver, Failure: null));
            }
        }
    }


    [LoggerMessage(203, LogLevel.Warning, "{Count} open requests did not end within the drain time-out and were cut.", EventName = "DrainIncomplete")]
    private partial void LogDrainIncomplete(int count);

    [LoggerMessage(206, LogLevel.Information, "The link is back; open requests go on.", EventName = "Resumed")]
    private partial void LogResumed();

    [LoggerMessage(208, LogLevel.Warning,
        "The relay does not know the session any more, as after a restart: {Count} open requests are cut and the tunnel is registered anew.", EventName = "SessionUnknown")]
    private partial void LogUnknown(int count);

    [LoggerMessage(209, LogLevel.Warning,
        "No link came within the {Seconds:0} s that the relay keeps a session: {Count} open requests are cut.", EventName = "GraceOver")]
    private partial void LogGraceOver(double seconds, int count);

    [LoggerMessage(211, LogLevel.Error, "A session ended because of a fault in the agent.", EventName = "SessionFault")]
    private partial void LogFault(Exception exception);
}
