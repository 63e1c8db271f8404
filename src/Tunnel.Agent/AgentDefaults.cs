namespace Tunnel.Agent;

/// <summary>The agent's defaults, each with the reason for its value.</summary>
internal static class AgentDefaults
{
    /// <summary>Well inside the 30 seconds that the generic host gives a shutdown.</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    /// <summary>TCP, TLS, the upgrade and the registration together; twice a bad mobile network's worst.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// What the answer to an upgrade may take of that: a proxy that waits for the end of an answer shows none, and a WebSocket has to have
    /// its time still.
    /// </summary>
    public static readonly TimeSpan UpgradeTimeout = ConnectTimeout / 2;

    /// <summary>Kestrel's own default for request bodies, used where the app has no Kestrel options.</summary>
    public const long MaxRequestBodySize = 30_000_000;

    /// <summary>How much longer than the relay this side keeps a session without a link: the relay may have noticed the loss later.</summary>
    public static readonly TimeSpan GraceMargin = TimeSpan.FromSeconds(5);

    /// <summary>What a session that is told to close may take for its last bytes, over a link that may be slow.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(3);

    /// <summary>The least memory that is worth setting: a hundred exchanges at the protocol's floor of 16 KiB each way.</summary>
    public const long LeastMemoryLimit = 4 * 1024 * 1024;

    /// <summary>Tunnels and services together, each with a name of at most 32 characters: well inside a registration's 16 KiB.</summary>
    public const int MaxNames = 200;

    /// <summary>How long a token is good for. It is only used at once, beside a signature over the relay's nonce; the relay refuses more than 24 hours.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(1);
}
