namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>
/// What may stand in a request's first lines. A space or a line break in there would let one request pass for another, or for two
/// (RFC 9112 section 11.1); the target is protected from that here, whatever the relay let through.
/// </summary>
internal static class RequestText
{
    /// <summary>A target or an authority: anything without spaces and control characters.</summary>
    public static bool IsUnbroken(ReadOnlySpan<char> text) =>
        !text.IsEmpty && !text.ContainsAnyInRange('\0', ' ') && !text.Contains('\x7F');
}
