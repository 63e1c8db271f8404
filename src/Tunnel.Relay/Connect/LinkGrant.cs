using Tunnel.Wire.Session;

namespace Tunnel.Relay.Connect;

/// <summary>The right to be a session's next link. No record: its ToString would print the token.</summary>
internal sealed class LinkGrant(RelaySession session, LinkTicket ticket, string resumeToken, long peerReceived)
{
    public RelaySession Session { get; } = session;

    public LinkTicket Ticket { get; } = ticket;

    /// <summary>For the agent. Never logged.</summary>
    public string ResumeToken { get; } = resumeToken;

    /// <summary>The offset up to which the agent says that it has received the relay's sequence.</summary>
    public long PeerReceived { get; } = peerReceived;
}
