namespace Tunnel.Relay;

/// <summary>
/// Settings of a relay (the hub), bound to the configuration section <c>Tunnel:Relay</c> and validated when the app starts.
/// Every setting has a safe default; a hub needs none of them to start.
/// </summary>
public sealed class TunnelRelayOptions
{
    /// <summary>The configuration section these options are bound to.</summary>
    public const string SectionName = "Tunnel:Relay";

    /// <summary>
    /// The origin that agents and visitors use to reach this relay, for example <c>https://tunnel.example.com</c>. Public URLs are
    /// built from it and agents' tokens must be issued for it (their <c>aud</c> claim, RFC 7519 section 4.1.3).
    /// </summary>
    /// <value>
    /// Default: <see langword="null"/>. Then the origin of the request that an agent connects with is used, and only agents on the same
    /// machine, or ones that dial <see cref="Domain"/> or the relay's own IP address, are let in: a host name that nobody configured
    /// could be the name of another relay that passes on a token issued for it.
    /// </value>
    public Uri? PublicUrl { get; set; }

    /// <summary>
    /// Where tunnels appear in path mode: a path with <c>{slug}</c> as its last segment, for example <c>/printer/{slug}</c>.
    /// An empty string switches path mode off.
    /// </summary>
    /// <value>Default: <c>/t/{slug}</c>.</value>
    public string PathTemplate { get; set; } = RelayDefaults.PathTemplate;

    /// <summary>
    /// The domain whose direct subdomains are tunnels: with <c>tunnel.example.com</c>, visitors of
    /// <c>demo.tunnel.example.com</c> reach the tunnel <c>demo</c>. Needs a wildcard DNS record and, for https, a wildcard certificate.
    /// </summary>
    /// <value>Default: <see langword="null"/>, subdomain mode is off.</value>
    public string? Domain { get; set; }

    /// <summary>
    /// The folder for the relay's own state (registered keys, claimed slugs). A relative path is taken from the content root.
    /// Files are replaced atomically and readable by their owner only. One relay process per folder.
    /// </summary>
    /// <value>Default: <c>.tunnel/relay</c>.</value>
    public string DataDirectory { get; set; } = RelayDefaults.DataDirectory;

    /// <summary>
    /// Public keys of agents that may connect, in addition to those registered in <see cref="DataDirectory"/>: one
    /// <c>ed25519:…</c> or <c>es256:…</c> text per agent, as the agent prints it when it is refused, optionally followed by a space
    /// and the server id that it belongs to.
    /// </summary>
    /// <value>Default: none.</value>
    public IList<string> AuthorizedKeys { get; } = [];

    /// <summary>
    /// Lets unknown agents on this machine enrol without any ceremony. It takes effect only in the Development environment, while
    /// every bound address is loopback, and for connections that are local and came through no proxy and no browser.
    /// </summary>
    /// <value>Default: <see langword="false"/>.</value>
    public bool DevelopmentEnrolment { get; set; }

    /// <summary>
    /// Origins (<c>https://host[:port]</c>) of web pages that may open an agent connection. Agents that are not browsers send no
    /// <c>Origin</c> header and are not affected.
    /// </summary>
    /// <value>Default: none; any <c>Origin</c> on the agent endpoint is answered 403.</value>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>Lets tunnels of more than one server id share the relay's own origin in path mode.</summary>
    /// <value>
    /// Default: <see langword="false"/>: path mode serves one server id at a time, because a page of one tenant could read another
    /// tenant's pages with the visitor's cookies. Use subdomain mode on a domain of its own for tenants that do not trust each other.
    /// </value>
    public bool AllowSharedOrigin { get; set; }

    /// <summary>
    /// How long a session outlives a lost link. An agent that comes back within it goes on where it was: open requests, transfers and
    /// WebSockets continue, and new requests wait meanwhile.
    /// </summary>
    /// <value>Default: 15 seconds; at most 10 minutes. Zero ends sessions with their link, and no request waits for an agent.</value>
    public TimeSpan ResumeGrace { get; set; } = RelayDefaults.ResumeGrace;

    /// <summary>
    /// The most memory, in bytes, that all tunnels of this process may promise to senders or keep for sending again. When it is used up,
    /// new requests are answered 503 and transfers slow down; nothing that is open breaks.
    /// </summary>
    /// <value>
    /// Default: <see langword="null"/>, a quarter of what the process may use (its container's limit, or the machine's memory), at least
    /// 64 MiB. A value has to be at least 1 MiB.
    /// </value>
    public long? MemoryLimit { get; set; }

    /// <summary>Who may have which slugs.</summary>
    public SlugOptions Slugs { get; } = new();
}
