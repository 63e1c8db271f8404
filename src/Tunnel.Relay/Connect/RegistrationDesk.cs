using Microsoft.Extensions.Options;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Storage;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Relay.Connect;

/// <summary>Decides on an agent's registration: who it is, whether it may come in, and under which slug.</summary>
internal sealed class RegistrationDesk(
    IOptions<TunnelRelayOptions> options, KeyRing keys, ClaimLedger claims, TunnelRegistry registry, SharedOrigin sharedOrigin, TimeProvider time)
{
    private readonly SlugRules _rules = new(options.Value.Slugs);

    /// <summary>Either <c>Granted</c> or <c>Refused</c> is set.</summary>
    public RegistrationDecision Decide(RegisterMessage message, string nonce, TokenAudience audience, EnrolmentFacts facts)
    {
        if (audience.Origin is not { } origin)
        {
            return Refuse(RegistrationErrorCodes.InvalidToken, audience.Refusal!);
        }

        if (!AgentToken.TryParse(message.Token, out var token)
            || !PublicKey.TryParse(message.PublicKey, out var offered)
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

        if (!RegistrationProof.Verify(key, nonce, origin, message.Token, message.Proof))
        {
            return Refuse(RegistrationErrorCodes.InvalidToken, "The agent's signature over the relay's nonce is wrong.");
        }

        if (known is null)
        {
            if (DevelopmentEnrolment.Refuse(facts) is { } condition)
            {
                return Refuse(RegistrationErrorCodes.UnknownKey,
                    $"This relay does not know the agent's key. Ask its operator to add this line to Tunnel:Relay:AuthorizedKeys: {offered.Text} ({condition})");
            }

            known = keys.TryEnrol(offered);
            if (known is null)
            {
                return Refuse(RegistrationErrorCodes.UnknownKey,
                    $"{RelayDefaults.DevelopmentKeys} development keys are enrolled, which is the most there can be. Restart the relay to forget them.");
            }
        }

        return Claim(message.Slug, known, origin);
    }

    /// <summary>The tunnel is over, or never began.</summary>
    public void Leave(RegistrationGrant grant)
    {
        if (grant.InPathMode)
        {
            sharedOrigin.Leave();
        }
    }

    private RegistrationDecision Claim(string? wish, RegisteredKey key, string origin)
    {
        // A second server id gets into path mode only where the operator allows it; with a domain it has its subdomain.
        var inPathMode = sharedOrigin.TryEnter(key.ServerId);
        if (!inPathMode && string.IsNullOrEmpty(options.Value.Domain))
        {
            return Refuse(RegistrationErrorCodes.SharedOrigin,
                "Another server id has a tunnel on this relay's own origin, where pages of one could read the other's. Ask the operator to set Tunnel:Relay:Domain (a subdomain for each tunnel), or Tunnel:Relay:AllowSharedOrigin if all tunnels trust each other.");
        }

        var (slug, refusal) = ClaimSlug(wish, key);
        if (slug is not null)
        {
            return new RegistrationDecision(new RegistrationGrant(slug, key.ServerId, origin, inPathMode), null);
        }

        if (inPathMode)
        {
            sharedOrigin.Leave();
        }

        return Refuse(refusal!);
    }

    private (string? Slug, SlugRefusal? Refusal) ClaimSlug(string? wish, RegisteredKey key)
    {
        if (string.IsNullOrEmpty(wish))
        {
            return (claims.ClaimRandom(key.ServerId, key.IsDevelopment, SlugSource(key), registry.IsLive), null);
        }

        if (!_rules.TryAccept(wish, key.ServerId, out var slug, out var refusal))
        {
            return (null, refusal);
        }

        return claims.TryClaim(slug, key.ServerId, key.IsDevelopment, registry.IsLive) switch
        {
            ClaimResult.Granted => (slug, null),
            ClaimResult.Taken => (null, SlugRefusal.Taken(slug)),
            _ => (null, SlugRefusal.Quarantined(slug)),
        };
    }

    /// <summary>Random slugs, and for a development key first the one that it always gets, unless somebody has it.</summary>
    private Func<string> SlugSource(RegisteredKey key)
    {
        var isFirst = key.IsDevelopment;
        return () =>
        {
            var slug = isFirst ? _rules.CreateFor(key.ServerId) : _rules.CreateRandom();
            isFirst = false;
            return slug;
        };
    }

    private static RegistrationDecision Refuse(SlugRefusal refusal) => Refuse(refusal.Code, refusal.Sentence);

    private static RegistrationDecision Refuse(string code, string sentence) => new(null, new ErrorMessage(code, sentence));
}

/// <summary>What an agent gets.</summary>
internal sealed record RegistrationGrant(string Slug, string ServerId, string Origin, bool InPathMode);

/// <summary>One of the two is set.</summary>
internal sealed record RegistrationDecision(RegistrationGrant? Granted, ErrorMessage? Refused);
