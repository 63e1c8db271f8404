using System.Collections.Concurrent;

namespace Tunnel.Relay.Storage;

/// <summary>
/// Which slug belongs to which server id. A claim is on the disk before it is granted; those of development keys are in memory
/// only. Safe for concurrent use; asking for an owner takes no lock.
/// </summary>
internal sealed class ClaimLedger
{
    /// <summary>With 36^8 random slugs, even two in a row that are taken mean that the source of them is broken.</summary>
    private const int RandomTries = 16;

    private readonly Lock gate = new();
    private readonly StoredClaims stored;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, string> development = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> randomSlugs = new(StringComparer.Ordinal);

    /// <exception cref="RelayStorageException">The file is broken.</exception>
    public ClaimLedger(DataFolder folder, TimeSpan quarantine, TimeProvider time)
    {
        this.time = time;
        stored = new StoredClaims(folder, quarantine, time);
        foreach (var claim in stored.All.Where(claim => claim.IsRandom))
        {
            randomSlugs[claim.ServerId] = claim.Slug;
        }
    }

    /// <returns>The server id that has the slug now, or null if nobody has.</returns>
    public string? FindOwner(string slug) =>
        stored.Find(slug) is { ReleasedAt: null } claim ? claim.ServerId : development.GetValueOrDefault(slug);

    /// <summary>
    /// Claims a slug that has passed <c>SlugRules</c>. An owner's further claims are granted and write nothing.
    /// <paramref name="isLive"/> says whether a session serves the slug; it is called under a lock and must not call back.
    /// </summary>
    public ClaimResult TryClaim(string slug, string serverId, bool isDevelopment, Func<string, bool> isLive)
    {
        lock (gate)
        {
            return Claim(slug, serverId, isRandom: false, isDevelopment, isLive);
        }
    }

    /// <summary>Claims the random slug that the server id had before, or one that <paramref name="createSlug"/> makes.</summary>
    public string ClaimRandom(string serverId, bool isDevelopment, Func<string> createSlug, Func<string, bool> isLive)
    {
        lock (gate)
        {
            if (randomSlugs.TryGetValue(serverId, out var previous)
                && Claim(previous, serverId, isRandom: true, isDevelopment, isLive) == ClaimResult.Granted)
            {
                return previous;
            }

            for (var i = 0; i < RandomTries; i++)
            {
                var slug = createSlug();
                if (stored.Find(slug) is null && !development.ContainsKey(slug))
                {
                    Grant(new SlugClaim(slug, serverId, IsRandom: true, time.GetUtcNow()), isDevelopment);
                    return slug;
                }
            }
        }

        throw new InvalidOperationException("No free random slug was found.");
    }

    /// <summary>Gives a slug up. It stays reserved for its owner for the time of the quarantine.</summary>
    /// <returns>False if the server id does not have it.</returns>
    public bool Release(string slug, string serverId)
    {
        lock (gate)
        {
            if (FindOwner(slug) != serverId)
            {
                return false;
            }

            if (stored.Find(slug) is { ReleasedAt: null } claim)
            {
                stored.Save(claim with { ReleasedAt = time.GetUtcNow() });
            }

            development.TryRemove(slug, out _);
            return true;
        }
    }

    private ClaimResult Claim(string slug, string serverId, bool isRandom, bool isDevelopment, Func<string, bool> isLive)
    {
        var last = stored.Find(slug);
        var isOwn = last?.ServerId == serverId;
        if (last is not null && !isOwn && !stored.IsFree(last))
        {
            return last.ReleasedAt is null ? ClaimResult.Taken : ClaimResult.Quarantined;
        }

        if (development.TryGetValue(slug, out var guest) && guest != serverId && isLive(slug))
        {
            return ClaimResult.Taken;
        }

        if (!isOwn || last!.ReleasedAt is not null)
        {
            Grant(isOwn ? last! with { ReleasedAt = null } : new SlugClaim(slug, serverId, isRandom, time.GetUtcNow()), isDevelopment);
        }

        return ClaimResult.Granted;
    }

    private void Grant(SlugClaim claim, bool isDevelopment)
    {
        if (isDevelopment)
        {
            development[claim.Slug] = claim.ServerId;
        }
        else
        {
            stored.Save(claim);
            development.TryRemove(claim.Slug, out _);
        }

        if (claim.IsRandom)
        {
            randomSlugs[claim.ServerId] = claim.Slug;
        }
    }
}
