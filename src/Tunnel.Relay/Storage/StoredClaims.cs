using System.Collections.Immutable;

namespace Tunnel.Relay.Storage;

/// <summary>The claims on the disk and the same in memory. <see cref="ClaimLedger"/> has the lock for changes; reading takes none.</summary>
internal sealed class StoredClaims
{
    public const string FileName = "claims.json";

    private readonly JsonFile<ClaimsDocument> _file;
    private readonly TimeSpan _quarantine;
    private readonly TimeProvider _time;
    private volatile ImmutableDictionary<string, SlugClaim> _bySlug;

    /// <exception cref="RelayStorageException">The file is broken.</exception>
    public StoredClaims(DataFolder folder, TimeSpan quarantine, TimeProvider time)
    {
        _quarantine = quarantine;
        _time = time;
        _file = new JsonFile<ClaimsDocument>(folder, FileName, StorageJson.Default.ClaimsDocument);
        var builder = ImmutableDictionary.CreateBuilder<string, SlugClaim>(StringComparer.Ordinal);
        foreach (var claim in _file.Read()?.Claims ?? [])
        {
            // Null is what the parser makes of a null in the list.
            if (claim is null || !builder.TryAdd(claim.Slug, claim))
            {
                throw _file.Broken("One of its claims is empty, or there twice.");
            }
        }

        _bySlug = builder.ToImmutable();
    }

    public IEnumerable<SlugClaim> All => _bySlug.Values;

    public SlugClaim? Find(string slug) => _bySlug.GetValueOrDefault(slug);

    /// <summary>Whether anybody may have the slug now. At the end of the quarantine it is free, not after it.</summary>
    public bool IsFree(SlugClaim claim) => claim.ReleasedAt is { } released && _time.GetUtcNow() - released >= _quarantine;

    /// <summary>
    /// Writes all of them at once, or none, and changes memory afterwards, so that a failure leaves both as they were. Forgets what is
    /// free again.
    /// </summary>
    /// <exception cref="RelayStorageException">The claims could not be written.</exception>
    public void Save(IEnumerable<SlugClaim> claims)
    {
        var next = _bySlug
            .RemoveRange([.. _bySlug.Values.Where(IsFree).Select(free => free.Slug)])
            .SetItems(claims.Select(claim => KeyValuePair.Create(claim.Slug, claim)));
        _file.Write(new ClaimsDocument([.. next.Values.OrderBy(stored => stored.Slug, StringComparer.Ordinal)]));
        _bySlug = next;
    }
}
