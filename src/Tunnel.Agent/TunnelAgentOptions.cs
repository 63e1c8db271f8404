using System.Net.WebSockets;

namespace Tunnel.Agent;

/// <summary>
/// Settings of an agent (the remote node), bound to the configuration section <c>Tunnel:Agent</c> and validated when the app starts.
/// </summary>
/// <remarks>Read once, when the app starts: a change takes a restart. Times are written as <c>00:00:15</c> in configuration.</remarks>
public sealed class TunnelAgentOptions
{
    /// <summary>The configuration section these options are bound to.</summary>
    public const string SectionName = "Tunnel:Agent";

    /// <summary>The relay's address, <c>http(s)://</c> or <c>ws(s)://</c>, for example <c>https://tunnel.example.com</c>.</summary>
    /// <value>Default: <see langword="null"/>, which is refused at the start: an agent needs a relay, from here or from the call of <c>AddTunnelAgent</c>.</value>
    public Uri? Relay { get; set; }

    /// <summary>
    /// The public name to ask for: 3 to 32 lower-case letters, digits and hyphens, no hyphen at either end.
    /// </summary>
    /// <value>Default: <see langword="null"/>, the relay gives a random name and keeps it for this agent's key.</value>
    public string? Slug { get; set; }

    /// <summary>
    /// A local HTTP server to forward to, instead of serving this app in-process: <c>http://localhost:3000</c>, <c>https://…</c>,
    /// <c>unix:///run/app.sock</c>, or <c>h2c://localhost:5000</c> for one that speaks HTTP/2 without TLS and nothing else. Over the
    /// others gRPC calls go by HTTP/2 and every other request by HTTP/1.1.
    /// </summary>
    /// <value>Default: <see langword="null"/>, requests run in this app's own pipeline.</value>
    public Uri? ForwardTo { get; set; }

    /// <summary>
    /// The <c>Host</c> header that a forwarded request carries: <see langword="null"/> for the target's own authority (dev servers
    /// refuse names they do not know), <c>preserve</c> for the visitor's, or a literal value. Ignored without <see cref="ForwardTo"/>.
    /// </summary>
    /// <value>Default: <see langword="null"/>.</value>
    public string? ForwardHost { get; set; }

    /// <summary>
    /// Which certificate of an https target is taken: <c>system</c> for one that the machine trusts and that is for the target's name,
    /// <c>any</c> for every one, or the path of a PEM file with the root certificates that it must come from (name and dates are checked
    /// too) or with the very certificate, which is then taken as it is. A relative path begins at the process's folder; the file is read
    /// when the app starts. Ignored for other targets.
    /// </summary>
    /// <value>
    /// Default: <see langword="null"/>: <c>any</c> for a target on this machine (<c>localhost</c>, <c>127.0.0.0/8</c>, <c>::1</c>), whose
    /// connections nobody else can reach into, and <c>system</c> for every other one.
    /// </value>
    public string? ForwardCertificate { get; set; }

    /// <summary>
    /// Named apps behind the tunnel besides the default one, by name: 1 to 32 letters, digits and hyphens, no hyphen at either end. One
    /// without <see cref="AgentServiceOptions.ForwardTo"/> is served by this app's own pipeline.
    /// </summary>
    /// <value>Default: none.</value>
    public IDictionary<string, AgentServiceOptions> Services { get; } =
        new Dictionary<string, AgentServiceOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Tunnels besides the one that these options describe, over the same connection. One without
    /// <see cref="AgentTunnelOptions.ForwardTo"/> is served by this app's own pipeline. With their services they are 200 at most.
    /// </summary>
    /// <value>Default: none.</value>
    public IList<AgentTunnelOptions> Tunnels { get; } = [];

    /// <summary>
    /// Whether other agents with the same server id may serve the same slugs at the same time. All of them have to say so; otherwise the
    /// newest takes the slugs over.
    /// </summary>
    /// <value>Default: <see langword="false"/>.</value>
    public bool Pool { get; set; }

    /// <summary>
    /// The relay's public key (<c>ed25519:…</c> or <c>es256:…</c>) or its fingerprint (<c>SHA256:…</c>). A relay that does not prove to hold
    /// it gets no say, whatever its certificate is: the tunnel stays closed and <see cref="TunnelFailureReason.RelayKeyMismatch"/> is the
    /// failure. The agent's log says the key at the first connection.
    /// </summary>
    /// <value>Default: <see langword="null"/>, the key is not compared.</value>
    public string? RelayKey { get; set; }

    /// <summary>
    /// The proxy to reach the relay through, <c>http://</c>, <c>https://</c>, <c>socks4://</c>, <c>socks4a://</c> or <c>socks5://</c>, with user name and
    /// password where it wants them. Ignored with <see cref="Connect"/>.
    /// </summary>
    /// <value>
    /// Default: <see langword="null"/>, what the environment variables <c>HTTPS_PROXY</c> (for a relay on http: <c>HTTP_PROXY</c>), <c>ALL_PROXY</c> and
    /// <c>NO_PROXY</c> or the system's settings say.
    /// </value>
    public Uri? Proxy { get; set; }

    /// <summary>
    /// Carries the tunnel over a WebSocket only. Otherwise the agent asks for a connection upgraded to the tunnel's own protocol, which
    /// takes less time of the processor, and for a WebSocket where something on the way lets no such connection through.
    /// </summary>
    /// <value>Default: <see langword="false"/>. Meant for ways that let upgraded connections through and break them later.</value>
    public bool WebSocketOnly { get; set; }

    /// <summary>
    /// A PEM file with the root certificates that the relay's certificate must come from, in place of those that the machine trusts; it may
    /// hold intermediate ones too. Read at each attempt to connect. Names and dates are checked as ever. Ignored with <see cref="Connect"/>.
    /// </summary>
    /// <value>Default: <see langword="null"/>, the machine's own.</value>
    public string? CertificateAuthorities { get; set; }

    /// <summary>
    /// The memory in bytes that the tunnel may hold for bodies on their way, in both directions together. When it is used up, transfers get
    /// slower, and then new requests are refused. At least 4 MiB.
    /// </summary>
    /// <value>Default: <see langword="null"/>, a quarter of what the process may use, and at least 64 MiB.</value>
    public long? MemoryLimit { get; set; }

    /// <summary>
    /// Compresses bodies of responses on their way to the relay, where they are text, scripts or other data that gets smaller and are not
    /// compressed already. Visitors get them as the app wrote them. Event streams, gRPC and WebSockets are left alone.
    /// </summary>
    /// <value>
    /// Default: <see langword="false"/>. Worth it where the way to the relay is slower than about 100 Mbit/s; it takes time of a
    /// processor on both sides, and 256 KiB for each of the at most 64 bodies that are compressed at a time. Who sees how much goes over
    /// the link learns more than without it about answers that repeat a visitor's words beside a secret (BREACH).
    /// </value>
    public bool Compress { get; set; }

    /// <summary>The file with this agent's private key, made on first use and readable by its owner only.</summary>
    /// <value>Default: <see langword="null"/>, <c>tunnel/agent/tunnel.json</c> in the user's local application data folder.</value>
    public string? CredentialsFile { get; set; }

    /// <summary>
    /// The largest request body in bytes that an in-process request may have, unless the endpoint changes it
    /// (<c>[RequestSizeLimit]</c>). Ignored with <see cref="ForwardTo"/>.
    /// </summary>
    /// <value>Default: <see langword="null"/>, what the app configured for Kestrel (30,000,000 unless changed).</value>
    public long? MaxRequestBodySize { get; set; }

    /// <summary>How long open requests may go on when the app stops, or when the relay sends the agent away, before they are reset.</summary>
    /// <value>Default: 10 seconds. The host's own shutdown time-out bounds it too. Zero cuts open requests at once; a negative time is refused.</value>
    public TimeSpan DrainTimeout { get; set; } = AgentDefaults.DrainTimeout;

    /// <summary>
    /// Opens the WebSocket to the relay in place of <see cref="ClientWebSocket"/>. The socket must have negotiated the subprotocol
    /// that the function is given. Meant for tests that carry a relay and an agent in memory (<c>TestServer.CreateWebSocketClient</c>).
    /// </summary>
    /// <value>Default: <see langword="null"/>.</value>
    public Func<Uri, string, CancellationToken, Task<WebSocket>>? Connect { get; set; }
}
