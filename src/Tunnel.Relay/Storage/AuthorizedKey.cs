using System.Diagnostics.CodeAnalysis;
using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Storage;

/// <summary>An entry of <see cref="TunnelRelayOptions.AuthorizedKeys"/>: a key's text and, after a space, the server id if it is to have one of its own.</summary>
internal static class AuthorizedKey
{
    private const int MaxServerIdLength = 64;

    public static bool TryParse(string? entry, [NotNullWhen(true)] out RegisteredKey? key)
    {
        var parts = (entry ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        key = parts.Length is 1 or 2 && PublicKey.TryParse(parts[0], out var publicKey)
            ? new RegisteredKey(publicKey, parts.Length == 2 ? parts[1] : publicKey.ServerId, IsDevelopment: false)
            : null;
        if (key is not null && !IsServerId(key.ServerId))
        {
            key = null;
        }

        return key is not null;
    }

    /// <summary>Server ids stand in logs, claims and tokens: nothing that would need quoting there.</summary>
    public static bool IsServerId(string text) =>
        text.Length is > 0 and <= MaxServerIdLength && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');
}
