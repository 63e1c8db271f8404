namespace Tunnel.Relay;

/// <summary>Which slugs an agent may ask for.</summary>
public enum SlugPolicy
{
    /// <summary>Any valid slug that nobody else has claimed; a random one if the agent names none.</summary>
    Any,

    /// <summary>Only random slugs; asking for a name is refused.</summary>
    RandomOnly,

    /// <summary>Only the names listed for the agent's server id in <see cref="SlugOptions.Allowed"/>, or a random one.</summary>
    AllowList,
}
