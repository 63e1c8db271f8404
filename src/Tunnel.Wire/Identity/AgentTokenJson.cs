using System.Text.Json.Serialization;

namespace Tunnel.Wire.Identity;

/// <summary>
/// A token's header. Nothing unknown may be in it: <c>crit</c>, <c>jwk</c> or <c>jku</c> would change what the signature means
/// (RFC 7515 section 4.1).
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record AgentTokenHeader(
    [property: JsonPropertyName("alg")] string Algorithm,
    [property: JsonPropertyName("typ")] string Type,
    [property: JsonPropertyName("kid")] string KeyId);

/// <summary>Two equal names are refused: parsers differ on which one counts.</summary>
[JsonSourceGenerationOptions(
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AgentTokenHeader))]
[JsonSerializable(typeof(AgentTokenClaims))]
internal sealed partial class AgentTokenJson : JsonSerializerContext;
