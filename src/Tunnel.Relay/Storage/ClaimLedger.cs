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
    private readonly Dictionary<(string ServerId, string Holder), string> _randomSlugs = [];

    /// <exception cref="RelayStorageException">The file is broken.</exception>
    public ClaimLedger(DataFolder folder, TimeSpan quarantine, TimeProvider time)
    {
        _time = time;
        _stored = new StoredClaims(folder, quarantine, time);
        foreach (var claim in _stored.All.Where(claim => claim is { IsRandom: true, Holder: not null }))
        {
            _randomSlugs[(claim.ServerId, claim.Holder!)] = claim.Slug;
        }
    }

    /// <returns>The server id that has the slug now, or null if nobody has.</returns>
    public string? FindOwner(string slug) =>
        _stored.Find(slug) is { ReleasedAt: null } claim ? claim.ServerId : _development.GetValueOrDefault(slug);

    /// <summary>
    /// Claims a slug for each wish, or none at all. A wish has passed <c>SlugRules</c>; a null one gets the random slug that the key had
    /// before in this place, or one that <paramref name="createSlug"/> makes. An owner's further claims write nothing.
    /// </summary>
    /// <param name="claimant">The owner.</param>
    /// <param name="wishes">No slug twice.</param>
    /// <param name="createSlug">Makes a random slug for the place of a null wish among the null ones.</param>
    /// <param name="isLive">Whether a session serves the slug. It is called under a lock and must not call back.</param>
    /// <param name="wants">Decides, under the same lock, on the slugs that all wishes would get.</param>
    /// <exception cref="RelayStorageException">The claims could not be written; nothing was changed.</exception>
    public ClaimOutcome Claim(
        SlugClaimant claimant,
        IReadOnlyList<string?> wishes,
        Func<int, string> createSlug,
        Func<string, bool> isLive,
        Func<IReadOnlyList<string>, bool>? wants = null)
    {
        lock (_gate)
        {
            foreach (var wish in wishes.OfType<string>())
            {
                if (Check(wish, claimant.ServerId, isLive) is var result and not ClaimResult.Granted)
                {
                    return new ClaimOutcome(result, [], wish);
                }
            }

            var slugs = new string[wishes.Count];
            var claims = new List<SlugClaim>();
            var place = 0;
            for (var i = 0; i < slugs.Length; i++)
            {
                var holder = wishes[i] is null ? claimant.Holder(place) : null;
                slugs[i] = wishes[i] ?? FindRandom(claimant, place++, [.. wishes.OfType<string>(), .. slugs[..i]], createSlug, isLive);
                AddClaim(claims, slugs[i], claimant.ServerId, holder);
            }

            if (wants?.Invoke(slugs) == false)
            {
                return new ClaimOutcome(ClaimResult.Declined, []);
            }

            Grant(claims, claimant.IsDevelopment);
            return new ClaimOutcome(ClaimResult.Granted, slugs);
        }
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
                _stored.Save([claim with { ReleasedAt = _time.GetUtcNow() }]);
            }

            _development.TryRemove(slug, out _);
            return true;
        }
    }

    private ClaimResult Check(string slug, string serverId, Func<string, bool> isLive)
    {
        if (_stored.Find(slug) is { } last && last.ServerId != serverId && !_stored.IsFree(last))
        {
            return last.ReleasedAt is null ? ClaimResult.Taken : ClaimResult.Quarantined;
        }

        return _development.TryGetValue(slug, out var guest) && guest != serverId && isLive(slug) ? ClaimResult.Taken : ClaimResult.Granted;
    }

    private string FindRandom(
        SlugClaimant claimant, int place, string[] inUse, Func<int, string> createSlug, Func<string, bool> isLive)
    {
        if (_randomSlugs.TryGetValue((claimant.ServerId, claimant.Holder(place)), out var previous)
            && !inUse.Contains(previous)
            && Check(previous, claimant.ServerId, isLive) == ClaimResult.Granted)
        {
            return previous;
        }

        for (var i = 0; i < RandomTries; i++)
        {
            var slug = createSlug(place);
            if (_stored.Find(slug) is null && !_development.ContainsKey(slug) && !inUse.Contains(slug))
            {
                return slug;
            }
        }

        throw new InvalidOperationException("No free random slug was found.");
    }

    /// <summary>Nothing for a slug that the owner has claimed on the disk already.</summary>
    private void AddClaim(List<SlugClaim> claims, string slug, string serverId, string? holder)
    {
        var own = _stored.Find(slug) is { } last && last.ServerId == serverId ? last : null;
        if (own is not { ReleasedAt: null })
        {
            claims.Add(own is null
                ? new SlugClaim(slug, serverId, holder is not null, _time.GetUtcNow(), Holder: holder)
                : own with { ReleasedAt = null });
        }
    }

    private void Grant(List<SlugClaim> claims, bool isDevelopment)
    {
        if (!isDevelopment && claims.Count > 0)
        {
            _stored.Save(claims);
        }

        foreach (var claim in claims)
        {
            if (isDevelopment)
            {
                _development[claim.Slug] = claim.ServerId;
            }
            else
            {
                _development.TryRemove(claim.Slug, out _);
            }

            if (claim.Holder is not null)
            {
                _randomSlugs[(claim.ServerId, claim.Holder)] = claim.Slug;
            }
        }
    }
}
