using Microsoft.AspNetCore.Http;
using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Connect;

/// <summary>
/// The origin that an agent's token must be for: <paramref name="Origin"/>, or a sentence in <paramref name="Refusal"/> if the
/// relay cannot know its own. Were any host accepted that a request names, then another relay could pass on a token that was
/// issued for its own name.
/// </summary>
internal sealed record TokenAudience(string? Origin, string? Refusal)
{
    public static TokenAudience Of(TunnelRelayOptions options, HttpContext context, ConnectionFacts connection) =>
        Of(options, context.Request.Scheme, context.Request.Host, connection);

    public static TokenAudience Of(TunnelRelayOptions options, string scheme, HostString host, ConnectionFacts connection)
    {
        if (options.PublicUrl is { } publicUrl)
        {
            return new TokenAudience(Wire.Identity.Origin.Of(publicUrl), null);
        }

        return IsOwn(host.Host, options.Domain, connection) && TryGetOrigin(scheme, host, out var origin)
            ? new TokenAudience(origin, null)
            : new TokenAudience(null, "The relay cannot tell that the address this agent dialled is its own. Set Tunnel:Relay:PublicUrl on the relay to the origin that agents and visitors use, for example https://tunnel.example.com.");
    }

    private static bool IsOwn(string host, string? domain, ConnectionFacts connection) =>
        LoopbackHost.Is(host) ? connection.IsLocal : IsInDomain(host, domain) || IsLocalAddress(host, connection);

    private static bool IsInDomain(string host, string? domain) =>
        !string.IsNullOrEmpty(domain)
        && (host.Equals(domain, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));

    private static bool IsLocalAddress(string host, ConnectionFacts connection) =>
        LoopbackHost.TryParseAddress(host, out var address) && address.Equals(connection.Local);

    private static bool TryGetOrigin(string scheme, HostString host, out string origin)
    {
        // A Host can hold what makes another URI of it, such as user@other or other/path.
        var isPlain = Uri.TryCreate($"{scheme}://{host.Value}", UriKind.Absolute, out var address)
            && address.Scheme is "http" or "https"
            && address is { UserInfo: "", PathAndQuery: "/", Fragment: "" };
        origin = isPlain ? Wire.Identity.Origin.Of(address!) : "";
        return isPlain;
    }
}
