using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>Why a link of a session ended.</summary>
/// <param name="Kind">What it means for the session.</param>
/// <param name="Error">The cause, where there is one.</param>
/// <param name="Closed">Why the peer said that the session is over, if it did.</param>
internal readonly record struct LinkEnd(LinkEndKind Kind, Exception? Error = null, ErrorCode? Closed = null)
{
    /// <summary>Whether nothing at all came over the link, although each side begins with a ping.</summary>
    public bool WasSilent { get; init; }

    /// <summary>Whether one side ended the session as it had planned, and nothing was lost.</summary>
    public bool IsInOrder => Kind == LinkEndKind.SessionOver && Error is null && (Closed is null or ErrorCode.None or ErrorCode.Going);
}

/// <summary>What the end of a link means.</summary>
internal enum LinkEndKind
{
    /// <summary>The session goes on with the next link.</summary>
    Lost,

    /// <summary>A newer link has taken its place.</summary>
    Fenced,

    /// <summary>The session is over.</summary>
    SessionOver,
}
