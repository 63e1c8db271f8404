using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>All that may tell the tunnel from a direct connection, each with its reason. Every other difference is a fault.</summary>
internal static class Allowed
{
    /// <summary>Request headers that the app gets in addition.</summary>
    private static readonly Dictionary<string, string> Added = new(StringComparer.OrdinalIgnoreCase)
    {
        ["X-Forwarded-For"] = "the visitor's address, which a forwarding target cannot see otherwise",
        ["X-Forwarded-Proto"] = "the scheme that the visitor used",
        ["X-Forwarded-Host"] = "the host that the visitor used",
        ["X-Forwarded-Prefix"] = "where the tunnel's path begins, for links",
        ["Forwarded"] = "the same as RFC 7239 writes it",
        ["CDN-Loop"] = "keeps a tunnel that leads to its own hub from going round for ever (RFC 8586)",
    };

    /// <summary>Request headers about the visitor's own connection, which ends at the hub (RFC 9110 section 7.6.1).</summary>
    private static readonly HashSet<string> Removed = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "HTTP2-Settings",
    };

    /// <summary>Response headers that are not compared by their value.</summary>
    private static readonly Dictionary<string, string> Varying = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Date"] = "the clock goes on between the two answers",
        ["Connection"] = "each server decides for its own connection (RFC 9110 section 7.6.1)",
    };

    /// <summary>What a visitor can see of an answer, less what may differ.</summary>
    public static string Of(RawResponse response)
    {
        var headers = response.Headers
            .Where(header => NameOf(header) is not "Connection")
            .Select(header => Varying.ContainsKey(NameOf(header)) ? $"{NameOf(header)}: (varies)" : header)
            .Select(header => EmptyBody(response, header))
            .Select(Trimmed)
            .OrderBy(NameOf, StringComparer.OrdinalIgnoreCase); // stable, so the order within a name counts
        return string.Join('\n', headers.Prepend(response.StatusLine).Append(BodyOf(response)));
    }

    /// <summary>How the end of an empty body is marked is the server's affair: a flush before it makes the difference.</summary>
    private static string EmptyBody(RawResponse response, string header) =>
        response.Body.Length == 0 && header == "Transfer-Encoding: chunked" ? "Content-Length: 0" : header;

    /// <summary>An app's account is compared line by line, without what the relay adds and removes; of anything else the bytes count.</summary>
    private static string BodyOf(RawResponse response)
    {
        if (!response.Text.StartsWith("method ", StringComparison.Ordinal))
        {
            return response.Body.Length is > 0 and < 200 ? $"{Seen.Of(response.Body)} {response.Text}" : Seen.Of(response.Body);
        }

        return string.Join('\n', response.Text.Split('\n').Where(line =>
            !line.StartsWith(Seen.HeaderMark, StringComparison.Ordinal) || !IsRelays(NameOf(line[Seen.HeaderMark.Length..]))));
    }

    public static bool IsRelays(string name) => Added.ContainsKey(name) || Removed.Contains(name);

    /// <summary>White space around a value is no part of it (RFC 9112 section 5).</summary>
    private static string Trimmed(string header) => header.Split(':', 2) is [var name, var value] ? $"{name}: {value.Trim(' ', '\t')}" : header;

    private static string NameOf(string header) => header.Split(':', 2)[0];
}
