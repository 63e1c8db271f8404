namespace Tunnel.Relay;

/// <summary>The relay's defaults and bounds, each with the reason for its value.</summary>
internal static class RelayDefaults
{
    /// <summary>Short, and needs no wildcard certificate.</summary>
    public const string PathTemplate = "/t/{slug}";

    /// <summary>Below the content root; a folder whose name starts with a dot is left out of publish output by the Web SDK.</summary>
    public const string DataDirectory = ".tunnel/relay";

    /// <summary>The relay's own routes start with this, so that the app's routes stay its own.</summary>
    public const string ConnectPath = "/.tunnel/connect";

    /// <summary>Service workers and cookies of the previous owner commonly live for weeks.</summary>
    public static readonly TimeSpan SlugQuarantine = TimeSpan.FromDays(30);

    /// <summary>Keys that development enrolment accepts; they are held in memory only.</summary>
    public const int DevelopmentKeys = 100;

    /// <summary>From the WebSocket's opening to a complete registration. A local agent needs milliseconds, one on a bad mobile link seconds.</summary>
    public static readonly TimeSpan RegistrationTimeout = TimeSpan.FromSeconds(15);

    /// <summary>How long a link may take to close in order.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(3);

    /// <summary>How long open requests may go on when the relay stops; well inside the 30 seconds that the generic host gives a shutdown.</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Long enough for a change of networks or a proxy's restart; short enough for a visitor who waits.</summary>
    public static readonly TimeSpan ResumeGrace = TimeSpan.FromSeconds(15);

    /// <summary>An agent keeps what it has sent for as long; more helps nobody and holds memory.</summary>
    public static readonly TimeSpan MaxResumeGrace = TimeSpan.FromMinutes(10);

    /// <summary>Below this a few streams' first credit would use up the budget.</summary>
    public const long MinMemoryLimit = 1024 * 1024;

    /// <summary>Sessions of one relay process, linked or not. Each holds a few KiB when idle.</summary>
    public const int Sessions = 16_384;

    /// <summary>Tunnels of one session.</summary>
    public const int TunnelsPerSession = 32;

    /// <summary>Named services of one tunnel, besides the default one.</summary>
    public const int ServicesPerTunnel = 32;

    /// <summary>Agents that serve one slug together. A choice looks at all of them.</summary>
    public const int AgentsPerPool = 64;

    /// <summary>Take-overs of a slug between the same two processes within <see cref="TakeOverWindow"/>; the next one is refused.</summary>
    public const int TakeOvers = 3;

    /// <summary>An agent that restarts comes back as another process each time, so it never counts as two that fight.</summary>
    public static readonly TimeSpan TakeOverWindow = TimeSpan.FromMinutes(1);

    /// <summary>Requests of one tunnel that wait for its agent.</summary>
    public const int ParkedPerTunnel = 64;

    /// <summary>Bytes of encoded heads of one tunnel's waiting requests.</summary>
    public const int ParkedHeadBytesPerTunnel = 1024 * 1024;

    /// <summary>Requests of all tunnels that wait.</summary>
    public const int Parked = 4096;

    /// <summary>How often one request is opened, the first time included, when sessions are lost under it.</summary>
    public const int OpenAttempts = 4;

    /// <summary>What a refused agent is told to wait when the relay is full.</summary>
    public const int OverloadedRetryAfterSeconds = 30;

    /// <summary>What an agent is told to wait when the relay stops: the next process is up within seconds.</summary>
    public const int ShuttingDownRetryAfterSeconds = 2;

    /// <summary>What the relay tells a client to wait when the tunnel's agent is away: agents come back within seconds or not soon.</summary>
    public const int AgentAwayRetryAfterSeconds = 5;

    /// <summary>What an adapted server takes from visitors at least; common servers behind tunnels take as much.</summary>
    public const int RequestLineSize = 16 * 1024;

    /// <inheritdoc cref="RequestLineSize"/>
    public const int RequestHeaderCount = 200;

    /// <summary>A head on a link has at most 96 KiB; this leaves room for what the relay adds.</summary>
    public const int RequestHeadersTotalSize = 64 * 1024;

    /// <summary>Slow reports and exports answer within minutes; whoever waits longer has mostly left. Common proxies give up after one.</summary>
    public static readonly TimeSpan ResponseTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Below it a busy machine's pauses would count as an app that does not answer.</summary>
    public static readonly TimeSpan MinResponseTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Longer than any proxy, browser or NAT keeps a silent connection.</summary>
    public static readonly TimeSpan MaxResponseTimeout = TimeSpan.FromDays(1);

    /// <summary>Bytes of one of the operator's error pages. At most seven are held.</summary>
    public const int LargestErrorPage = 256 * 1024;

    /// <summary>What a side may leave in the kernel's send buffer (PROTOCOL.md, Sending).</summary>
    public const int UnsentInKernel = 128 * 1024;
}
