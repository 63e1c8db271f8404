using Microsoft.Extensions.Options;

namespace Tunnel.Relay.Registry;

/// <summary>Where visitors find a tunnel.</summary>
internal sealed class PublicUrls(IOptions<TunnelRelayOptions> options)
{
    /// <param name="origin">The relay's own origin, as the agent dialled it or as configured.</param>
    /// <param name="slug">The tunnel's slug.</param>
    /// <param name="inPathMode">Whether the tunnel may be on the relay's own origin.</param>
    public string Of(string origin, string slug, bool inPathMode)
    {
        var relay = new Uri(origin);
        if (options.Value.Domain is { Length: > 0 } domain && !(inPathMode && IsUnreachableName(domain, relay)))
        {
            var port = relay.IsDefaultPort ? string.Empty : $":{relay.Port}";
            return $"{relay.Scheme}://{slug}.{domain}{port}/";
        }

        return origin + options.Value.PathTemplate.Replace("{slug}", slug, StringComparison.Ordinal) + "/";
    }

    /// <summary>A relay that was dialled by an address or a name outside its domain: there, the domain's names may not resolve.</summary>
    private static bool IsUnreachableName(string domain, Uri relay) =>
        !relay.Host.Equals(domain, StringComparison.OrdinalIgnoreCase)
        && !relay.Host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase);
}
