using System.Collections.Frozen;

namespace Tunnel.Relay.Registry;

/// <summary>Names that visitors would take for the relay's own, or that are its own.</summary>
internal static class ReservedSlugs
{
    /// <summary>Punycode: such a name can look like any other.</summary>
    public const string PunycodePrefix = "xn--";

    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.Ordinal,
        // Hosts that people expect beside a site.
        "www", "api", "app", "relay", "tunnel", "admin", "static", "mail", "ns", "localhost",
        // The relay's routes and pages; "t" is too short for a slug today and stays reserved should that change.
        "t", "agents", "login", "authenticate", "setup", "connect", "status", "health");

    public static bool Contains(string slug) => Names.Contains(slug) || slug.StartsWith(PunycodePrefix, StringComparison.Ordinal);
}
