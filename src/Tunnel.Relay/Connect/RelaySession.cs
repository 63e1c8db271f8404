using System.Security.Cryptography;
using Tunnel.Relay.Registry;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Connect;

/// <summary>
/// One agent's session at the relay: it outlives its links by the grace, decides which link is its next one, and ends once. What
/// travels on it is <see cref="Wire"/>'s business.
/// </summary>
internal sealed class RelaySession(SessionAgent agent, TunnelSession wire, TimeSpan grace, TimeProvider time, Action<RelaySession, SessionOver> over)
{
    private readonly Lock _gate = new(); // guards the fields below; taken before the wire's own lock
    private readonly ResumeTokens _tokens = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinkTicket? _ticket; // the latest link's
    private bool _everReceived; // on a link before the latest one
    private long? _unlinkedSince;
    private ITimer? _grace;
    private bool _over;

    public SessionAgent Agent { get; } = agent;

    public TunnelSession Wire { get; } = wire;

    /// <summary>Random, so that it says nothing about other sessions. Never logged.</summary>
    public string Id { get; } = Base64UrlText.Encode(RandomNumberGenerator.GetBytes(16));

    /// <summary>Set once, before anybody else knows the session.</summary>
    public IReadOnlyList<LiveTunnel> Tunnels { get; set; } = [];

    /// <summary>When its link was lost, or null while there is one or one is about to come.</summary>
    public long? UnlinkedSince
    {
        get
        {
            lock (_gate)
            {
                return _unlinkedSince;
            }
        }
    }

    /// <summary>Completes when the session is over.</summary>
    public Task Ended => _ended.Task;

    /// <summary>
    /// The first link, or the one after a lost <c>registered</c>: as long as nothing was received, the agent may not even know the
    /// session's id. Null if something was, or the session is over.
    /// </summary>
    public LinkGrant? TryBegin()
    {
        lock (_gate)
        {
            return _over || Wire.IsOver || HasReceived ? null : NextLink(_tokens.First(), peerReceived: 0);
        }
    }

    /// <summary>Whether the agent uses the session: another registration for it was late on its way.</summary>
    public bool IsInUse
    {
        get
        {
            lock (_gate)
            {
                return !_over && !Wire.IsOver && HasReceived;
            }
        }
    }

    /// <summary>The next link of an agent that shows a valid token; the link before is fenced off when this returns.</summary>
    public LinkGrant? TryResume(string resumeToken, long peerReceived)
    {
        lock (_gate)
        {
            return !_over && !Wire.IsOver && _tokens.Next(resumeToken, currentArrived: _ticket is { HasReceived: true }) is { } next
                ? NextLink(next, peerReceived)
                : null;
        }
    }

    /// <summary>The link that came with the ticket has ended, or there never was one.</summary>
    public void LinkEnded(LinkTicket ticket, LinkEnd end)
    {
        lock (_gate)
        {
            if (_over || _ticket != ticket || end.Kind == LinkEndKind.Fenced)
            {
                return;
            }

            if (end.Kind == LinkEndKind.Lost && grace > TimeSpan.Zero)
            {
                _unlinkedSince = time.GetTimestamp();
                _grace = time.CreateTimer(_ => End(SessionOver.Lost, waitingAfter: ticket), null, grace, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        End(end.IsInOrder ? SessionOver.InOrder : SessionOver.Lost);
    }

    /// <summary>Ends the session now. Later calls do nothing.</summary>
    public void End(SessionOver how) => End(how, waitingAfter: null);

    /// <param name="how">What it means for those who wait for the agent.</param>
    /// <param name="waitingAfter">The link whose successor did not come; if it did come in the last moment, the session goes on.</param>
    private void End(SessionOver how, LinkTicket? waitingAfter)
    {
        lock (_gate)
        {
            if (_over || waitingAfter is not null && waitingAfter != _ticket)
            {
                return;
            }

            _over = true;
            _grace?.Dispose();
        }

        // In this order: a request that fails with its session must not find the session again.
        over(this, how);
        Wire.End(ErrorCode.LinkLost);
        _ended.TrySetResult();
    }

    private bool HasReceived => _everReceived || _ticket is { HasReceived: true };

    private LinkGrant NextLink(string resumeToken, long peerReceived)
    {
        _everReceived |= _ticket is { HasReceived: true };
        _ticket = Wire.Fence();
        _grace?.Dispose();
        _grace = null;
        _unlinkedSince = null;
        return new LinkGrant(this, _ticket, resumeToken, peerReceived);
    }
}

/// <summary>How a session has ended.</summary>
internal enum SessionOver
{
    /// <summary>Relay or agent closed it.</summary>
    InOrder,

    /// <summary>No next link came in time, or the protocol was broken.</summary>
    Lost,

    /// <summary>The same owner's next session has taken its place.</summary>
    Replaced,
}
