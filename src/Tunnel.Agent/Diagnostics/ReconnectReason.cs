namespace Tunnel.Agent.Diagnostics;

/// <summary>Why the agent needs another link or session.</summary>
internal enum ReconnectReason
{
    /// <summary>The link ended without a word; the session goes on with the next.</summary>
    LinkLost,

    /// <summary>The relay ended the session, or the two did not understand each other.</summary>
    SessionClosed,

    /// <summary>The relay does not know the session any more, as after its restart.</summary>
    SessionUnknown,

    /// <summary>No link came in the time that a session outlives one.</summary>
    GraceOver,

    /// <summary>The relay goes away and the next session is opened before that.</summary>
    RelayLeaving,
}
