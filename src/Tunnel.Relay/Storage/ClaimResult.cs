namespace Tunnel.Relay.Storage;

internal enum ClaimResult
{
    Granted,

    /// <summary>Another server id has the slug.</summary>
    Taken,

    /// <summary>Another server id had the slug until lately.</summary>
    Quarantined,

    /// <summary>The caller did not want the slugs that it would have got.</summary>
    Declined,
}

/// <summary>What became of a claim for several slugs. Nothing was changed unless all were granted.</summary>
/// <param name="Result">Granted, or why not.</param>
/// <param name="Slugs">With <see cref="ClaimResult.Granted"/>: one for each wish, in the order of the wishes.</param>
/// <param name="Refused">With <see cref="ClaimResult.Taken"/> and <see cref="ClaimResult.Quarantined"/>: the first slug that was refused.</param>
internal readonly record struct ClaimOutcome(ClaimResult Result, IReadOnlyList<string> Slugs, string? Refused = null);
