namespace Tunnel.Relay;

/// <summary>The relay's defaults, each with the reason for its value.</summary>
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

    /// <summary>How long open requests may go on when the relay stops; well inside the 30 seconds that the generic host gives a shutdown.</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What the relay tells a client to wait when the tunnel's agent is away: agents come back within seconds or not soon.</summary>
    public const int AgentAwayRetryAfterSeconds = 5;
}
