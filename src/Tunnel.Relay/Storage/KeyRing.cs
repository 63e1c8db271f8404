using System.Collections.Concurrent;
using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Storage;

/// <summary>
/// The keys that may connect: registered ones (<c>keys.json</c>), those of the configuration, which come first, and development
/// keys. Safe for concurrent use; looking up takes no lock.
/// </summary>
internal sealed class KeyRing
{
    public const string FileName = "keys.json";

    private readonly Lock gate = new();
    private readonly JsonFile<KeysDocument> file;
    private readonly TimeProvider time;
    private readonly Dictionary<string, RegisteredKey> configured = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RegisteredKey> development = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RegisteredKey> registered = new(StringComparer.Ordinal);
    private List<StoredKey> stored;

    /// <exception cref="RelayStorageException">The file is broken.</exception>
    /// <exception cref="InvalidOperationException">An authorized key is none.</exception>
    public KeyRing(DataFolder folder, IEnumerable<string> authorizedKeys, TimeProvider time)
    {
        this.time = time;
        foreach (var entry in authorizedKeys)
        {
            var key = AuthorizedKey.TryParse(entry, out var parsed) ? parsed : throw new InvalidOperationException(
                "Tunnel:Relay:AuthorizedKeys has an entry that is no key. Each is one ed25519:… or es256:… text, as the agent prints it, and optionally a space and a server id.");
            configured[key.PublicKey.Fingerprint] = key;
        }

        file = new JsonFile<KeysDocument>(folder, FileName, StorageJson.Default.KeysDocument);
        stored = [.. file.Read()?.Keys ?? []];
        foreach (var key in stored)
        {
            var parsed = Parse(key) ?? throw file.Broken("One of its keys is none.");
            registered[parsed.PublicKey.Fingerprint] = parsed;
        }
    }

    /// <param name="fingerprint">A token's <c>kid</c>.</param>
    public RegisteredKey? Find(string fingerprint) =>
        configured.GetValueOrDefault(fingerprint)
        ?? registered.GetValueOrDefault(fingerprint)
        ?? development.GetValueOrDefault(fingerprint);

    public RegisteredKey? Find(PublicKey key) => Find(key.Fingerprint);

    /// <summary>Registers a key for good, or gives a registered one another server id.</summary>
    public RegisteredKey Register(PublicKey key, string? serverId = null)
    {
        var entry = new RegisteredKey(key, serverId ?? key.ServerId, IsDevelopment: false);
        if (!AuthorizedKey.IsServerId(entry.ServerId))
        {
            throw new ArgumentException("A server id has 1 to 64 letters, digits, hyphens, underscores and dots.", nameof(serverId));
        }

        lock (gate)
        {
            Save([.. stored.Where(other => other.PublicKey != key.Text), new StoredKey(key.Text, entry.ServerId, time.GetUtcNow())]);
            registered[key.Fingerprint] = entry;
            development.TryRemove(key.Fingerprint, out _);
        }

        return entry;
    }

    /// <returns>False if the key was not registered; one of the configuration is removed there.</returns>
    public bool Revoke(PublicKey key)
    {
        lock (gate)
        {
            if (!registered.ContainsKey(key.Fingerprint))
            {
                return false;
            }

            Save([.. stored.Where(other => other.PublicKey != key.Text)]);
            registered.TryRemove(key.Fingerprint, out _);
            return true;
        }
    }

    /// <summary>Takes a key in for as long as this process runs. Only for connections that <c>DevelopmentEnrolment</c> lets through.</summary>
    /// <returns>Null if there are too many already. None is put out for a new one: it may be in use.</returns>
    public RegisteredKey? TryEnrol(PublicKey key)
    {
        lock (gate)
        {
            if (Find(key) is { } known)
            {
                return known;
            }

            return development.Count < RelayDefaults.DevelopmentKeys
                ? development[key.Fingerprint] = new RegisteredKey(key, key.ServerId, IsDevelopment: true)
                : null;
        }
    }

    // Null is what the parser makes of a null in the list.
    private static RegisteredKey? Parse(StoredKey? key) =>
        key is not null && PublicKey.TryParse(key.PublicKey, out var publicKey) && AuthorizedKey.IsServerId(key.ServerId)
            ? new RegisteredKey(publicKey, key.ServerId, IsDevelopment: false)
            : null;

    private void Save(List<StoredKey> next)
    {
        file.Write(new KeysDocument(next));
        stored = next;
    }
}
