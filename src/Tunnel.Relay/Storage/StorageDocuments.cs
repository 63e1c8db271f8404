using System.Text.Json.Serialization;

namespace Tunnel.Relay.Storage;

/// <summary>What <c>keys.json</c> holds.</summary>
internal sealed record KeysDocument(IReadOnlyList<StoredKey> Keys);

internal sealed record StoredKey(string PublicKey, string ServerId, DateTimeOffset RegisteredAt);

/// <summary>What <c>claims.json</c> holds.</summary>
internal sealed record ClaimsDocument(IReadOnlyList<SlugClaim> Claims);

/// <summary>What <c>relay-key.json</c> holds. No record: its ToString would print the private key.</summary>
internal sealed class RelayKeyDocument
{
    public required string PublicKey { get; init; }

    public required string PrivateKey { get; init; }
}

[JsonSourceGenerationOptions(
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(KeysDocument))]
[JsonSerializable(typeof(ClaimsDocument))]
[JsonSerializable(typeof(RelayKeyDocument))]
internal sealed partial class StorageJson : JsonSerializerContext;
