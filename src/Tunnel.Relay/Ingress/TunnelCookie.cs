using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Keeps a tunnel's cookies in the tunnel. In path mode all tunnels and the relay share one origin: a cookie for <c>/</c>, or for the whole
/// domain, would reach the relay's own pages and every other tunnel.
/// </summary>
internal static class TunnelCookie
{
    /// <param name="setCookie">A <c>Set-Cookie</c> value (RFC 6265 section 4.1).</param>
    /// <param name="prefix">The tunnel's prefix, such as <c>/t/demo</c>.</param>
    /// <returns>The same cookie with no Domain and with its Path under the prefix.</returns>
    public static string Confine(string setCookie, string prefix)
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

        // Without a path the browser would take the request's folder, which for a page right under the prefix is not always below it.
        kept.Add($" path={Under(path, prefix)}");
        return string.Join(';', kept);
    }

    private static string Under(string? path, string prefix) =>
        path is null || !path.StartsWith('/') || path == "/" ? prefix + "/"
        : new PathString(path).StartsWithSegments(prefix, StringComparison.Ordinal) ? path
        : prefix + path;
}
