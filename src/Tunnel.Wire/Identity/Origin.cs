namespace Tunnel.Wire.Identity;

/// <summary>The text of an origin (RFC 6454 section 6.2), the <c>aud</c> of tokens. Both sides make it here, so that both write it alike.</summary>
internal static class Origin
{
    /// <param name="address">An absolute http, https, ws or wss address; a WebSocket's origin is that of its handshake.</param>
    public static string Of(Uri address)
    {
        var scheme = !address.IsAbsoluteUri ? null : address.Scheme switch
        {
            "http" or "ws" => "http",
            "https" or "wss" => "https",
            _ => null,
        };
        if (scheme is null)
        {
            throw new ArgumentException("Only an absolute http, https, ws or wss address has an origin here.", nameof(address));
        }

        // Host has the brackets of IPv6 and leaves the zone out; IdnHost has the ASCII form of names.
        var host = address.HostNameType == UriHostNameType.IPv6 ? address.Host : address.IdnHost;
        var isDefaultPort = address.Port == (scheme == "http" ? 80 : 443);
        return scheme + "://" + host.ToLowerInvariant() + (isDefaultPort ? "" : ":" + address.Port);
    }
}
