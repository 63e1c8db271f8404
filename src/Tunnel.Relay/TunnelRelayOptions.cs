namespace Tunnel.Relay;

/// <summary>
/// Settings of a relay (the hub), bound to the configuration section <c>Tunnel:Relay</c> and validated when the app starts.
/// Every setting has a safe default; a hub needs none of them to start.
/// </summary>
/// <remarks>Read once, when the app starts: a change takes a restart. Times are written as <c>00:00:15</c> in configuration.</remarks>
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
    /// <value>Default: <see langword="null"/>, subdomain mode is off. Set it for tenants that do not trust each other, and for apps that have to live at <c>/</c>.</value>
    public string? Domain { get; set; }

    /// <summary>
    /// Further host names that lead to a tunnel, each with the slug of its tunnel: <c>www.example.com</c> to <c>demo</c>. Their DNS records
    /// have to lead to this relay, and for https its certificate has to be theirs too. Whoever owns the slug gets the visitors.
    /// </summary>
    /// <value>Default: none.</value>
    public IDictionary<string, string> Hosts { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The folder for the relay's own state (its private key, registered keys, claimed slugs). A relative path is taken from the content root.
    /// Files are replaced atomically and readable by their owner only; a new folder gets a <c>.gitignore</c>. One relay process per folder.
    /// </summary>
    /// <value>Default: <c>.tunnel/relay</c>.</value>
    public string DataDirectory { get; set; } = RelayDefaults.DataDirectory;

    /// <summary>
    /// Public keys of agents that may connect, in addition to those registered in <see cref="DataDirectory"/>: one
    /// <c>ed25519:…</c> or <c>es256:…</c> text per agent, as the agent prints it when it is refused, optionally followed by a space
    /// and the server id that it belongs to. Keys without one are their own server id.
    /// </summary>
    /// <value>Default: none. A text that is no key is refused when the app starts.</value>
    public IList<string> AuthorizedKeys { get; } = [];

    /// <summary>
    /// Lets unknown agents on this machine enrol without any ceremony. It takes effect only in the Development environment, while
    /// every bound address is loopback, and for connections that are local and came through no proxy and no browser. Where it cannot take
    /// effect at all, the log says so at the start.
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
    /// How long a visitor waits for an app to begin its answer while nothing moves: the time starts anew with every part of the request's body
    /// that the agent takes. Then the request is given up and answered 504. Once the answer has begun, nothing is ever cut for being silent.
    /// </summary>
    /// <value>
    /// Default: 5 minutes; between 1 second and 1 day. Zero switches it off, and so does <see cref="Timeout.InfiniteTimeSpan"/>. It ends a wait
    /// at most a quarter of the time late, and never early.
    /// </value>
    public TimeSpan ResponseTimeout { get; set; } = RelayDefaults.ResponseTimeout;

    /// <summary>
    /// A folder with pages for browsers, for what the relay itself answers: <c>error.html</c>, and pages of one status such as <c>404.html</c>.
    /// <c>{{status}}</c>, <c>{{code}}</c> and <c>{{title}}</c> in them are replaced. A relative path is taken from the content root. The pages are
    /// read when the app starts, and have at most 256 KiB each.
    /// </summary>
    /// <value>Default: <see langword="null"/>, a small page without a product's name.</value>
    public string? ErrorPages { get; set; }

    /// <summary>
    /// Answers visitors in the relay's place when there is no app's answer for them. It runs after status and headers are set, and returns
    /// whether it wrote the response; if not, or if it fails, the visitor gets the default.
    /// </summary>
    /// <value>Default: <see langword="null"/>. It can only be set in code.</value>
    public Func<TunnelVisitorError, ValueTask<bool>>? OnVisitorError { get; set; }

    /// <summary>
    /// The most memory, in bytes, that all tunnels of this process may promise to senders or keep for sending again. When it is used up,
    /// new requests are answered 503 and transfers slow down; nothing that is open breaks.
    /// </summary>
    /// <value>
    /// Default: <see langword="null"/>, a quarter of what the process may use (its container's limit, or the machine's memory), at least
    /// 64 MiB. A value has to be at least 1 MiB.
    /// </value>
    public long? MemoryLimit { get; set; }

    /// <summary>
    /// Lets this app's Kestrel take from visitors what the apps behind tunnels may want, and pass on what they answer: request lines of
    /// 16 KiB and 200 header lines of 64 KiB together where its limits are lower, header values in any encoding both ways, and no
    /// <c>Server</c> header of its own. With <c>AddTunnelRelay</c> Kestrel also reads and writes in blocks of 16 KiB in place of 4 KiB, which
    /// makes large bodies faster.
    /// </summary>
    /// <value>
    /// Default: <see langword="false"/>, because it applies to all requests of the app and not to those of tunnels alone: its own pages too
    /// read header values as Latin-1 then. Set it where the app does little else than being a relay; <c>tunnel relay</c> does.
    /// </value>
    public bool AdaptServer { get; set; }

    /// <summary>Who may have which slugs.</summary>
    public SlugOptions Slugs { get; } = new();
}
