using System.Text.Json.Serialization;
using Tunnel.Wire.Identity;

namespace Tunnel.Agent.Identity;

/// <summary>What <c>tunnel.json</c> holds. No record: its ToString would print the private key.</summary>
internal sealed class AgentCredentialsDocument
{
    public required string ServerId { get; init; }

    /// <summary>The name of the algorithm in a token's header.</summary>
    public required string Alg { get; init; }

    public required string PrivateKey { get; init; }

    public required string PublicKey { get; init; }

    public required DateTimeOffset RegisteredAt { get; init; }
}

[JsonSourceGenerationOptions(
    AllowDuplicateProperties = false,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    WriteIndented = true)]
[JsonSerializable(typeof(AgentCredentialsDocument))]
internal sealed partial class AgentCredentialsJson : JsonSerializerContext;
