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

    private readonly Lock _gate = new();
    private readonly JsonFile<KeysDocument> _file;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, RegisteredKey> _configured = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RegisteredKey> _development = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RegisteredKey> _registered = new(StringComparer.Ordinal);
    private List<StoredKey> _stored;

    /// <exception cref="RelayStorageException">The file is broken.</exception>
    /// <exception cref="InvalidOperationException">An authorized key is none.</exception>
    public KeyRing(DataFolder folder, IEnumerable<string> authorizedKeys, TimeProvider time)
    {
        _time = time;
        foreach (var entry in authorizedKeys)
        {
            var key = AuthorizedKey.TryParse(entry, out var parsed) ? parsed : throw new InvalidOperationException(
                "Tunnel:Relay:AuthorizedKeys has an entry that is no key. Each is one ed25519:… or es256:… text, as the agent prints it, and optionally a space and a server id.");
            _configured[key.PublicKey.Fingerprint] = key;
        }

        _file = new JsonFile<KeysDocument>(folder, FileName, StorageJson.Default.KeysDocument);
        _stored = [.. _file.Read()?.Keys ?? []];
        foreach (var key in _stored)
        {
            var parsed = Parse(key) ?? throw _file.Broken("One of its keys is none.");
            _registered[parsed.PublicKey.Fingerprint] = parsed;
        }
    }

    /// <summary>Keys that may connect for good; development keys are none of them.</summary>
    public int Count => _configured.Keys.Union(_registered.Keys).Count();

    /// <param name="fingerprint">A token's <c>kid</c>.</param>
    public RegisteredKey? Find(string fingerprint) =>
        _configured.GetValueOrDefault(fingerprint)
        ?? _registered.GetValueOrDefault(fingerprint)
        ?? _development.GetValueOrDefault(fingerprint);

    public RegisteredKey? Find(PublicKey key) => Find(key.Fingerprint);

    /// <summary>Registers a key for good, or gives a registered one another server id.</summary>
    public RegisteredKey Register(PublicKey key, string? serverId = null)
    {
        var entry = new RegisteredKey(key, serverId ?? key.ServerId, IsDevelopment: false);
        if (!AuthorizedKey.IsServerId(entry.ServerId))
        {
            throw new ArgumentException("A server id has 1 to 64 letters, digits, hyphens, underscores and dots.", nameof(serverId));
        }

        lock (_gate)
        {
            Save([.. _stored.Where(other => other.PublicKey != key.Text), new StoredKey(key.Text, entry.ServerId, _time.GetUtcNow())]);
            _registered[key.Fingerprint] = entry;
            _development.TryRemove(key.Fingerprint, out _);
        }

        return entry;
    }

    /// <returns>False if the key was not registered; one of the configuration is removed there.</returns>
    public bool Revoke(PublicKey key)
    {
        lock (_gate)
        {
            if (!_registered.ContainsKey(key.Fingerprint))
            {
                return false;
            }

            Save([.. _stored.Where(other => other.PublicKey != key.Text)]);
            _registered.TryRemove(key.Fingerprint, out _);
            return true;
        }
    }

    /// <summary>Takes a key in for as long as this process runs. Only for connections that <c>DevelopmentEnrolment</c> lets through.</summary>
    /// <returns>Null if there are too many already. None is put out for a new one: it may be in use.</returns>
    public RegisteredKey? TryEnrol(PublicKey key)
    {
        lock (_gate)
        {
            if (Find(key) is { } known)
            {
                return known;
            }

            return _development.Count < RelayDefaults.DevelopmentKeys
                ? _development[key.Fingerprint] = new RegisteredKey(key, key.ServerId, IsDevelopment: true)
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
        _file.Write(new KeysDocument(next));
        _stored = next;
    }
}
