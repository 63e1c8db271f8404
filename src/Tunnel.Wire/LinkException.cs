namespace Tunnel.Wire;

/// <summary>A link delivered what no link may, or nothing at all. The link is closed; the session goes on with the next one.</summary>
internal sealed class LinkException(string message) : IOException(message);
