using System.Text.Json.Serialization;

namespace Tunnel.Wire.Registration;

/// <summary>
/// The JSON text messages that stand before the first frame on a link (PROTOCOL.md, Registration): the relay's challenge, the agent's
/// registration or resume, then the relay's answer.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", IgnoreUnrecognizedTypeDiscriminators = false)]
[JsonDerivedType(typeof(ChallengeMessage), "challenge")]
[JsonDerivedType(typeof(RegisterMessage), "register")]
[JsonDerivedType(typeof(RegisteredMessage), "registered")]
[JsonDerivedType(typeof(ResumeMessage), "resume")]
[JsonDerivedType(typeof(ResumedMessage), "resumed")]
[JsonDerivedType(typeof(ErrorMessage), "error")]
internal abstract record RegistrationMessage
{
    /// <summary>The type alone: messages carry tokens and proofs, which must not reach a log.</summary>
    public sealed override string ToString() => GetType().Name;
}

/// <summary>The relay's first word.</summary>
/// <param name="Nonce">32 fresh random bytes in base64url, which the agent signs.</param>
/// <param name="Capabilities">What the relay can do beyond version 1.</param>
internal sealed record ChallengeMessage(string Nonce, IReadOnlyList<string>? Capabilities = null) : RegistrationMessage;

/// <summary>An agent asks for a session with one or more tunnels.</summary>
/// <param name="Token">The agent's JWT. Never logged.</param>
/// <param name="PublicKey">The agent's public key, so that the relay can name it when it does not know it.</param>
/// <param name="Proof">Signature over the nonce, the audience and the token, in base64url.</param>
/// <param name="Nonce">32 fresh random bytes, which the relay signs.</param>
/// <param name="RegistrationId">16 random bytes; the same in a repeated registration whose answer was lost.</param>
/// <param name="InstanceId">16 random bytes of the agent's process.</param>
/// <param name="Slug">The first tunnel's public name, or none.</param>
/// <param name="Services">Names of the first tunnel's services besides the default one.</param>
/// <param name="Tunnels">The tunnels after the first.</param>
/// <param name="Pool">Whether other agents of the server id may serve the same slugs at the same time.</param>
/// <param name="Capabilities">What the agent can do beyond version 1.</param>
internal sealed record RegisterMessage(
    string Token,
    string PublicKey,
    string Proof,
    string Nonce,
    string RegistrationId,
    string InstanceId,
    string? Slug = null,
    IReadOnlyList<string>? Services = null,
    IReadOnlyList<TunnelWish>? Tunnels = null,
    bool Pool = false,
    IReadOnlyList<string>? Capabilities = null) : RegistrationMessage;

/// <summary>A tunnel after the first that an agent asks for.</summary>
internal sealed record TunnelWish(string? Slug = null, IReadOnlyList<string>? Services = null);

/// <summary>The session is open; frames follow.</summary>
/// <param name="Url">The first tunnel's public URL.</param>
/// <param name="Slug">The first tunnel's public name.</param>
/// <param name="ServerId">The owner.</param>
/// <param name="Session">The session's id.</param>
/// <param name="ResumeToken">32 random bytes that a resume has to show. Never logged.</param>
/// <param name="Epoch">The link's number in the session.</param>
/// <param name="GraceSeconds">How long the session outlives a lost link.</param>
/// <param name="Generation">Grows with every registration of the slug.</param>
/// <param name="RelayKey">The relay's public key.</param>
/// <param name="Signature">The relay's signature over both nonces, the audience, the session and the epoch.</param>
/// <param name="Tunnels">The tunnels after the first, in the order of the request.</param>
/// <param name="Capabilities">What the relay can do beyond version 1.</param>
internal sealed record RegisteredMessage(
    string Url,
    string Slug,
    string ServerId,
    string Session,
    string ResumeToken,
    int Epoch,
    int GraceSeconds,
    long Generation,
    string RelayKey,
    string Signature,
    IReadOnlyList<OpenedTunnel>? Tunnels = null,
    IReadOnlyList<string>? Capabilities = null) : RegistrationMessage;

/// <summary>A tunnel after the first that was opened.</summary>
internal sealed record OpenedTunnel(string Url, string Slug);

/// <summary>An agent comes back with the next link of a session.</summary>
/// <param name="Token">The agent's JWT. Never logged.</param>
/// <param name="PublicKey">The agent's public key.</param>
/// <param name="Proof">Signature over the nonce, the audience, the token, the session and the epoch.</param>
/// <param name="Nonce">32 fresh random bytes, which the relay signs.</param>
/// <param name="Session">The session's id.</param>
/// <param name="ResumeToken">The last one that the agent got. Never logged.</param>
/// <param name="Epoch">The last one that the agent knows.</param>
/// <param name="Received">The offset up to which the agent has received the relay's sequence.</param>
internal sealed record ResumeMessage(
    string Token,
    string PublicKey,
    string Proof,
    string Nonce,
    string Session,
    string ResumeToken,
    int Epoch,
    long Received) : RegistrationMessage;

/// <summary>The session goes on with this link.</summary>
/// <param name="Epoch">This link's number.</param>
/// <param name="ResumeToken">The next resume's token. Never logged.</param>
/// <param name="Received">The offset up to which the relay has received the agent's sequence.</param>
/// <param name="RelayKey">The relay's public key.</param>
/// <param name="Signature">As in <see cref="RegisteredMessage"/>.</param>
internal sealed record ResumedMessage(
    int Epoch, string ResumeToken, long Received, string RelayKey, string Signature) : RegistrationMessage;

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
