namespace Tunnel.Relay.Ingress;

/// <summary>
/// Keeps a tunnel's cookies in the tunnel. In path mode all tunnels and the relay share one origin: a cookie for <c>/</c>, or for the whole
/// domain, would reach the relay's own pages and every other tunnel. A cookie that stays in its tunnel by itself is not touched.
/// </summary>
internal static class TunnelCookie
{
    /// <param name="setCookie">A <c>Set-Cookie</c> value (RFC 6265 section 4.1).</param>
    /// <param name="target">What the visitor asked for, in path mode.</param>
    /// <returns>The cookie with no Domain and with its Path under the tunnel's prefix.</returns>
    public static string Confine(string setCookie, in VisitorTarget target)
    {
        var parts = setCookie.Split(';');
        var kept = new List<string>(parts.Length + 1) { parts[0] };
        string? path = null;
        foreach (var part in parts.Skip(1))
        {
            var attribute = part.AsSpan().Trim();
            var name = attribute.IndexOf('=') is >= 0 and var equals ? attribute[..equals].TrimEnd() : attribute;
            if (name.Equals("Path", StringComparison.OrdinalIgnoreCase))
            {
                // The last one counts (section 5.3).
                path = attribute[Math.Min(name.Length + 1, attribute.Length)..].Trim().ToString();
            }
            else if (!name.Equals("Domain", StringComparison.OrdinalIgnoreCase))
            {
                kept.Add(part);
            }
        }

        // Without a usable path the browser takes the folder of the target (section 5.1.4), which is under the prefix if a slash follows it.
        var hasPath = path is not null && path.StartsWith('/');
        var stays = hasPath ? IsUnder(path!, target.Prefix) : target.Kind != VisitorTargetKind.PathWithoutSlash;
        var hasDomain = parts.Length - kept.Count > (path is null ? 0 : 1);
        if (stays && !hasDomain)
        {
            return setCookie;
        }

        kept.Add(" path=" + (hasPath && stays ? path : target.Prefix + (hasPath ? path : "/")));
        return string.Join(';', kept);
    }

    private static bool IsUnder(string path, string prefix) =>
        path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/');
}
