using Tunnel.Relay.Storage;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Relay.Connect;

/// <summary>
/// Finds out who an agent is, in the same way for a new session and for a session's next link: so a key that was revoked, or a token that
/// has expired, ends with the link.
/// </summary>
internal sealed class IdentityDesk(KeyRing keys, TimeProvider time)
{
    /// <param name="tokenText">The agent's token.</param>
    /// <param name="publicKey">The key that it says is its own.</param>
    /// <param name="audience">What the token must be for.</param>
    /// <param name="facts">What decides on the enrolment of an unknown key.</param>
    /// <param name="proves">Whether the message's proof is by this key, for this origin.</param>
    public IdentityDecision Identify(
        string tokenText, string publicKey, TokenAudience audience, EnrolmentFacts facts, Func<PublicKey, string, bool> proves)
    {
        if (audience.Origin is not { } origin)
        {
            return Refuse(RegistrationErrorCodes.InvalidToken, audience.Refusal!);
        }

        if (!AgentToken.TryParse(tokenText, out var token)
            || !PublicKey.TryParse(publicKey, out var offered)
            || offered.Fingerprint != token.KeyId)
        {
            return Refuse(RegistrationErrorCodes.InvalidToken, "The agent's token is malformed, or is not for the key it comes with.");
        }

        // A key counts only after its owner has proved to hold it; so nobody fills the ring with the keys of others.
        var known = keys.Find(token.KeyId);
        var key = known?.PublicKey ?? offered;
        if (token.Validate(key, origin, time.GetUtcNow()) is { } error)
        {
            return Refuse(RegistrationErrorCodes.InvalidToken, error.Sentence(origin));
        }

        if (!proves(key, origin))
        {
            return Refuse(RegistrationErrorCodes.InvalidToken, "The agent's signature over the relay's nonce is wrong.");
        }

        return known is null ? Enrol(offered, origin, facts) : new IdentityDecision(known, origin, null);
    }

    private IdentityDecision Enrol(PublicKey offered, string origin, EnrolmentFacts facts)
    {
        if (DevelopmentEnrolment.Refuse(facts) is { } condition)
        {
            return Refuse(RegistrationErrorCodes.UnknownKey,
                $"This relay does not know the agent's key. Ask its operator to add this line to Tunnel:Relay:AuthorizedKeys, or to give it to tunnel relay as --authorized-key: {offered.Text} ({condition})");
        }

        return keys.TryEnrol(offered) is { } enrolled
            ? new IdentityDecision(enrolled, origin, null)
            : Refuse(RegistrationErrorCodes.UnknownKey,
                $"{RelayDefaults.DevelopmentKeys} development keys are enrolled, which is the most there can be. Restart the relay to forget them.");
    }

    private static IdentityDecision Refuse(string code, string sentence) => new(null, "", new ErrorMessage(code, sentence));
}

/// <summary>Who an agent is and the origin that it dialled, or why that is not known.</summary>
internal sealed record IdentityDecision(RegisteredKey? Key, string Origin, ErrorMessage? Refused);
