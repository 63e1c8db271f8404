namespace Tunnel.Relay.Storage;

internal enum ClaimResult
{
    Granted,

    /// <summary>Another server id has the slug.</summary>
    Taken,

    /// <summary>Another server id had the slug until lately.</summary>
    Quarantined,
}
