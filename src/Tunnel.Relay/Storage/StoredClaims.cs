using System.Collections.Immutable;

namespace Tunnel.Relay.Storage;

/// <summary>The claims on the disk and the same in memory. <see cref="ClaimLedger"/> has the lock for changes; reading takes none.</summary>
internal sealed class StoredClaims
{
    public const string FileName = "claims.json";

    private readonly JsonFile<ClaimsDocument> file;
    private readonly TimeSpan quarantine;
    private readonly TimeProvider time;
    private volatile ImmutableDictionary<string, SlugClaim> bySlug;

    /// <exception cref="RelayStorageException">The file is broken.</exception>
    public StoredClaims(DataFolder folder, TimeSpan quarantine, TimeProvider time)
    {
        this.quarantine = quarantine;
        this.time = time;
        file = new JsonFile<ClaimsDocument>(folder, FileName, StorageJson.Default.ClaimsDocument);
        var builder = ImmutableDictionary.CreateBuilder<string, SlugClaim>(StringComparer.Ordinal);
        foreach (var claim in file.Read()?.Claims ?? [])
        {
            // Null is what the parser makes of a null in the list.
            if (claim is null || !builder.TryAdd(claim.Slug, claim))
            {
                throw file.Broken("One of its claims is empty, or there twice.");
            }
        }

        bySlug = builder.ToImmutable();
    }

    public IEnumerable<SlugClaim> All => bySlug.Values;

    public SlugClaim? Find(string slug) => bySlug.GetValueOrDefault(slug);

    /// <summary>Whether anybody may have the slug now. At the end of the quarantine it is free, not after it.</summary>
    public bool IsFree(SlugClaim claim) => claim.ReleasedAt is { } released && time.GetUtcNow() - released >= quarantine;

    /// <summary>Writes first and changes memory afterwards, so that a failure leaves both as they were. Forgets what is free again.</summary>
    /// <exception cref="RelayStorageException">The claim could not be written.</exception>
    public void Save(SlugClaim claim)
    {
        var next = bySlug.RemoveRange([.. bySlug.Values.Where(IsFree).Select(free => free.Slug)]).SetItem(claim.Slug, claim);
        file.Write(new ClaimsDocument([.. next.Values.OrderBy(stored => stored.Slug, StringComparer.Ordinal)]));
        bySlug = next;
    }
}
