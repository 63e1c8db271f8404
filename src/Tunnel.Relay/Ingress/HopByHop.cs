using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Ingress;

/// <summary>Headers that do not pass the relay: those about one connection, and those that only the relay may set.</summary>
internal static class HopByHop
{
    /// <summary>RFC 9110 section 7.6.1, and what came before it.</summary>
    private static readonly FrozenSet<string> Names = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "HTTP2-Settings");

    /// <summary>
    /// What the relay says about the visitor. Visitors' own values are dropped, and so are the variants with underscores, which CGI and
    /// WSGI servers take for the same header. <c>X-Content-Length</c> is what Kestrel makes of a length that it refused to believe.
    /// </summary>
    private static readonly FrozenSet<string> SetByRelay = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Port",
        "X-Forwarded-Server", "X-Real-IP", "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Original-Prefix",
        "X-Content-Length", "Host");

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

    public static bool DropsFromResponse(string name, bool inPathMode) =>
        Names.Contains(name) || inPathMode && OriginWide.Contains(name);

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
