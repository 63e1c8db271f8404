using System.Text.Json.Serialization;

namespace Tunnel.Wire.Registration;

/// <summary>
/// The JSON text messages that stand before the first frame on a link (PROTOCOL.md, Registration): the relay's challenge, the agent's
/// registration, then the relay's answer.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", IgnoreUnrecognizedTypeDiscriminators = false)]
[JsonDerivedType(typeof(ChallengeMessage), "challenge")]
[JsonDerivedType(typeof(RegisterMessage), "register")]
[JsonDerivedType(typeof(RegisteredMessage), "registered")]
[JsonDerivedType(typeof(ErrorMessage), "error")]
internal abstract record RegistrationMessage;

/// <summary>The relay's first word.</summary>
/// <param name="Nonce">32 fresh random bytes in base64url, which the agent signs.</param>
internal sealed record ChallengeMessage(string Nonce) : RegistrationMessage;

/// <summary>An agent asks for a tunnel.</summary>
/// <param name="Token">The agent's JWT. Never logged.</param>
/// <param name="PublicKey">The agent's public key, so that the relay can name it when it does not know it.</param>
/// <param name="Proof">Signature over the nonce, the audience and the token, in base64url.</param>
/// <param name="Slug">The public name asked for, or none.</param>
internal sealed record RegisterMessage(string Token, string PublicKey, string Proof, string? Slug = null) : RegistrationMessage;

/// <summary>The tunnel is open; frames follow.</summary>
internal sealed record RegisteredMessage(string Url, string Slug, string ServerId) : RegistrationMessage;

/// <summary>The tunnel was refused; the relay closes the link.</summary>
/// <param name="Code">One of <see cref="RegistrationErrorCodes"/>.</param>
/// <param name="Message">One sentence for a person, with the remedy.</param>
/// <param name="RetryAfter">Seconds to wait before the next try, where waiting helps.</param>
internal sealed record ErrorMessage(string Code, string Message, int? RetryAfter = null) : RegistrationMessage;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RegistrationMessage))]
internal sealed partial class RegistrationJson : JsonSerializerContext;
