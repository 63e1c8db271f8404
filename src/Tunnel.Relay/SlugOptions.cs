namespace Tunnel.Relay;

/// <summary>Rules for the public names of tunnels (section <c>Tunnel:Relay:Slugs</c>).</summary>
public sealed class SlugOptions
{
    /// <summary>Which slugs an agent may ask for.</summary>
    /// <value>Default: <see cref="SlugPolicy.Any"/>.</value>
    public SlugPolicy Policy { get; set; } = SlugPolicy.Any;

    /// <summary>Slugs that are refused, in addition to the built-in list (<c>www</c>, <c>api</c>, <c>admin</c>, <c>login</c>, …).</summary>
    /// <value>Default: none.</value>
    public IList<string> Reserved { get; } = [];

    /// <summary>With <see cref="SlugPolicy.AllowList"/>: the slugs that each server id may ask for.</summary>
    /// <value>Default: none.</value>
    public IDictionary<string, IList<string>> Allowed { get; } = new Dictionary<string, IList<string>>(StringComparer.Ordinal);

    /// <summary>
    /// How long a released slug stays reserved for the server id that had it: visitors' bookmarks, cookies and service workers are
    /// still out there.
    /// </summary>
    /// <value>Default: 30 days. Zero frees released slugs at once; a negative time is refused.</value>
    public TimeSpan Quarantine { get; set; } = RelayDefaults.SlugQuarantine;
}
