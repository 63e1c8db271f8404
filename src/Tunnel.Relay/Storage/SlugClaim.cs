namespace Tunnel.Relay.Storage;

/// <summary>A slug and the server id it belongs to.</summary>
/// <param name="Slug">In lower case.</param>
/// <param name="ServerId">The owner, also while a released slug is in quarantine.</param>
/// <param name="IsRandom">Given by the relay and not wished for, so given again to an owner who wishes for none.</param>
/// <param name="ClaimedAt">When the owner first had it.</param>
/// <param name="ReleasedAt">When the owner gave it up; null while it is claimed.</param>
/// <param name="Holder">For a random slug: which key it was made for, and which of its tunnels without a wish.</param>
internal sealed record SlugClaim(
    string Slug, string ServerId, bool IsRandom, DateTimeOffset ClaimedAt, DateTimeOffset? ReleasedAt = null, string? Holder = null);
