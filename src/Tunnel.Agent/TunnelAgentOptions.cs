using System.Net.WebSockets;

namespace Tunnel.Agent;

/// <summary>
/// Settings of an agent (the remote node), bound to the configuration section <c>Tunnel:Agent</c> and validated when the app starts.
/// </summary>
public sealed class TunnelAgentOptions
{
    /// <summary>The configuration section these options are bound to.</summary>
    public const string SectionName = "Tunnel:Agent";

    /// <summary>The relay's address, <c>http(s)://</c> or <c>ws(s)://</c>, for example <c>https://tunnel.example.com</c>. Required.</summary>
    public Uri? Relay { get; set; }

    /// <summary>
    /// The public name to ask for: 3 to 32 lower-case letters, digits and hyphens, no hyphen at either end.
    /// </summary>
    /// <value>Default: <see langword="null"/>, the relay gives a random name and keeps it for this agent's key.</value>
    public string? Slug { get; set; }

    /// <summary>
    /// A local HTTP server to forward to, for example <c>http://localhost:3000</c>, instead of serving this app in-process.
    /// </summary>
    /// <value>Default: <see langword="null"/>, requests run in this app's own pipeline.</value>
    public Uri? ForwardTo { get; set; }

    /// <summary>
    /// The <c>Host</c> header that a forwarded request carries: <see langword="null"/> for the target's own authority (dev servers
    /// refuse names they do not know), <c>preserve</c> for the visitor's, or a literal value. Ignored without <see cref="ForwardTo"/>.
    /// </summary>
    /// <value>Default: <see langword="null"/>.</value>
    public string? ForwardHost { get; set; }

    /// <summary>The file with this agent's private key, made on first use and readable by its owner only.</summary>
    /// <value>Default: <see langword="null"/>, <c>tunnel/agent/tunnel.json</c> in the user's local application data folder.</value>
    public string? CredentialsFile { get; set; }

    /// <summary>
    /// The largest request body in bytes that an in-process request may have, unless the endpoint changes it
    /// (<c>[RequestSizeLimit]</c>). Ignored with <see cref="ForwardTo"/>.
    /// </summary>
    /// <value>Default: <see langword="null"/>, what the app configured for Kestrel (30,000,000 unless changed).</value>
    public long? MaxRequestBodySize { get; set; }

    /// <summary>How long open requests may go on when the app stops, before they are reset.</summary>
    /// <value>Default: 10 seconds. The host's own shutdown time-out bounds it too.</value>
    public TimeSpan DrainTimeout { get; set; } = AgentDefaults.DrainTimeout;

    /// <summary>
    /// Opens the WebSocket to the relay in place of <see cref="ClientWebSocket"/>. The socket must have negotiated the subprotocol
    /// that the function is given. Meant for tests that carry a relay and an agent in memory (<c>TestServer.CreateWebSocketClient</c>).
    /// </summary>
    /// <value>Default: <see langword="null"/>.</value>
    public Func<Uri, string, CancellationToken, Task<WebSocket>>? Connect { get; set; }
}
