using Microsoft.AspNetCore.Http;

namespace Tunnel.Relay.Connect;

/// <summary>Headers that no agent on this machine sends: proxies add them, and web pages cannot leave theirs out.</summary>
internal static class ProxyHeaders
{
    private const string ForwardedPrefix = "X-Forwarded-";

    /// <summary>What the middleware for forwarded headers leaves behind when it has used, and removed, an X-Forwarded header.</summary>
    private const string OriginalPrefix = "X-Original-";

    private static readonly string[] Names = ["Origin", "Forwarded", "Via", "X-Real-IP"];

    /// <returns>The name of one that is there, as it is usually written, or null.</returns>
    public static string? Find(IHeaderDictionary headers) =>
        Names.FirstOrDefault(headers.ContainsKey)
        ?? (HasPrefix(headers, ForwardedPrefix) ? ForwardedPrefix + "*"
            : HasPrefix(headers, OriginalPrefix) ? OriginalPrefix + "*"
            : null);

    private static bool HasPrefix(IHeaderDictionary headers, string prefix) =>
        headers.Keys.Any(name => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
