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

    private readonly Lock _gate = new();
    private readonly StoredClaims _stored;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, string> _development = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _randomSlugs = new(StringComparer.Ordinal);

    /// <exception cref="RelayStorageException">The file is broken.</exception>
    public ClaimLedger(DataFolder folder, TimeSpan quarantine, TimeProvider time)
    {
        _time = time;
        _stored = new StoredClaims(folder, quarantine, time);
        foreach (var claim in _stored.All.Where(claim => claim.IsRandom))
        {
            _randomSlugs[claim.ServerId] = claim.Slug;
        }
    }

    /// <returns>The server id that has the slug now, or null if nobody has.</returns>
    public string? FindOwner(string slug) =>
        _stored.Find(slug) is { ReleasedAt: null } claim ? claim.ServerId : _development.GetValueOrDefault(slug);

    /// <summary>
    /// Claims a slug that has passed <c>SlugRules</c>. An owner's further claims are granted and write nothing.
    /// <paramref name="isLive"/> says whether a session serves the slug; it is called under a lock and must not call back.
    /// </summary>
    public ClaimResult TryClaim(string slug, string serverId, bool isDevelopment, Func<string, bool> isLive)
    {
        lock (_gate)
        {
            return Claim(slug, serverId, isRandom: false, isDevelopment, isLive);
        }
    }

    /// <summary>Claims the random slug that the server id had before, or one that <paramref name="createSlug"/> makes.</summary>
    public string ClaimRandom(string serverId, bool isDevelopment, Func<string> createSlug, Func<string, bool> isLive)
    {
        lock (_gate)
        {
            if (_randomSlugs.TryGetValue(serverId, out var previous)
                && Claim(previous, serverId, isRandom: true, isDevelopment, isLive) == ClaimResult.Granted)
            {
                return previous;
            }

            for (var i = 0; i < RandomTries; i++)
            {
                var slug = createSlug();
                if (_stored.Find(slug) is null && !_development.ContainsKey(slug))
                {
                    Grant(new SlugClaim(slug, serverId, IsRandom: true, _time.GetUtcNow()), isDevelopment);
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
        lock (_gate)
        {
            if (FindOwner(slug) != serverId)
            {
                return false;
            }

            if (_stored.Find(slug) is { ReleasedAt: null } claim)
            {
                _stored.Save(claim with { ReleasedAt = _time.GetUtcNow() });
            }

            _development.TryRemove(slug, out _);
            return true;
        }
    }

    private ClaimResult Claim(string slug, string serverId, bool isRandom, bool isDevelopment, Func<string, bool> isLive)
    {
        var last = _stored.Find(slug);
        var isOwn = last?.ServerId == serverId;
        if (last is not null && !isOwn && !_stored.IsFree(last))
        {
            return last.ReleasedAt is null ? ClaimResult.Taken : ClaimResult.Quarantined;
        }

        if (_development.TryGetValue(slug, out var guest) && guest != serverId && isLive(slug))
        {
            return ClaimResult.Taken;
        }

        if (!isOwn || last!.ReleasedAt is not null)
        {
            Grant(isOwn ? last! with { ReleasedAt = null } : new SlugClaim(slug, serverId, isRandom, _time.GetUtcNow()), isDevelopment);
        }

        return ClaimResult.Granted;
    }

    private void Grant(SlugClaim claim, bool isDevelopment)
    {
        if (isDevelopment)
        {
            _development[claim.Slug] = claim.ServerId;
        }
        else
        {
            _stored.Save(claim);
            _development.TryRemove(claim.Slug, out _);
        }

        if (claim.IsRandom)
        {
            _randomSlugs[claim.ServerId] = claim.Slug;
        }
    }
}
