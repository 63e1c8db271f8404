using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Ingress;

/// <summary>Headers that do not pass the relay: those about one connection, and those that only the relay may set.</summary>
internal static class HopByHop
{
    /// <summary>RFC 9110 section 7.6.1, and what came before it.</summary>
    private static readonly FrozenSet<string> Names = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Transfer-Encoding", "Upgrade",
        "HTTP2-Settings");

    /// <summary>
    /// What the relay says about the visitor. Visitors' own values are dropped, and so are the variants with underscores, which CGI and
    /// WSGI servers take for the same header.
    /// </summary>
    private static readonly FrozenSet<string> SetByRelay = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Port",
        "X-Forwarded-Server", "X-Real-IP", "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Original-Prefix", "Host");

    /// <summary>Response headers that act on the whole origin, which in path mode is the relay's and every other tunnel's too.</summary>
    private static readonly FrozenSet<string> OriginWide = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "Service-Worker-Allowed", "Clear-Site-Data", "Strict-Transport-Security", "Alt-Svc", "NEL", "Report-To", "Reporting-Endpoints");

    /// <param name="name">A header of a visitor's request.</param>
    /// <param name="connection">The request's <c>Connection</c> header, which can nominate further ones.</param>
    public static bool DropsFromRequest(string name, string? connection) =>
        Names.Contains(name)
        || SetByRelay.Contains(name)
        || name.Contains('_', StringComparison.Ordinal) && SetByRelay.Contains(name.Replace('_', '-'))
        || IsNominated(name, connection);

    /// <param name="name">A header of an agent's response.</param>
    /// <param name="inPathMode">Whether the response's origin is the relay's.</param>
    /// <param name="passesTrailers">Whether the visitor gets what <c>Trailer</c> announces.</param>
    public static bool DropsFromResponse(string name, bool inPathMode, bool passesTrailers) =>
        Names.Contains(name)
        || inPathMode && OriginWide.Contains(name)
        || !passesTrailers && name.Equals("Trailer", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether a line must not stand among the trailers of a response: proxies and clients may merge them into the head (RFC 9110 section
    /// 6.5.1), where it would frame the message anew, or set a cookie that nobody has confined.
    /// </summary>
    public static bool DropsFromResponseTrailers(string name, bool inPathMode) =>
        DropsFromResponse(name, inPathMode, passesTrailers: false)
        || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a line must not stand among the trailers of a request, where it would change what the head said (RFC 9110 section 6.5.1).</summary>
    public static bool DropsFromTrailers(string name) =>
        DropsFromRequest(name, connection: null)
        || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Cookie", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Trailer", StringComparison.OrdinalIgnoreCase);

    /// <summary>Takes out what <c>Connection</c> names, wherever it stood among the headers.</summary>
    public static void RemoveNominated(IHeaderDictionary headers, string connection)
    {
        foreach (var option in connection.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            headers.Remove(option);
        }
    }

    private static bool IsNominated(string name, string? connection)
    {
        if (connection is null)
        {
            return false;
        }

        var options = connection.AsSpan();
        foreach (var option in options.Split(','))
        {
            if (options[option].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
