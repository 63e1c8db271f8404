namespace Tunnel.Agent;

/// <summary>The agent's defaults, each with the reason for its value.</summary>
internal static class AgentDefaults
{
    /// <summary>Well inside the 30 seconds that the generic host gives a shutdown.</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    /// <summary>TCP, TLS, the upgrade and the registration together; twice a bad mobile network's worst.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Kestrel's own default for request bodies, used where the app has no Kestrel options.</summary>
    public const long MaxRequestBodySize = 30_000_000;

    /// <summary>How long a token is good for. It is only used at once, beside a signature over the relay's nonce; the relay refuses more than 24 hours.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(1);
}
