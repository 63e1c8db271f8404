using Microsoft.Extensions.Options;
using Tunnel.Relay.Hosting;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Storage;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Connect;

/// <summary>Decides on what agents ask for: a new session, or the next link of one.</summary>
internal sealed class RegistrationDesk(
    IOptions<TunnelRelayOptions> options,
    IdentityDesk identities,
    SessionDirectory sessions,
    ClaimLedger claims,
    TunnelRegistry registry,
    SharedOrigin sharedOrigin,
    PublicUrls urls,
    RelayKey relayKey,
    RelayDrain drain,
    RelayMetrics metrics,
    MemoryBudget budget,
    TimeProvider time)
{
    private readonly Lock _gate = new(); // one registration at a time: what was checked is so until the session is in its place
    private readonly SlugRules _rules = new(options.Value.Slugs);

    public Admission Register(RegisterMessage message, string nonce, TokenAudience audience, EnrolmentFacts facts)
    {
        if (drain.Stopping.IsCancellationRequested)
        {
            return ShuttingDown();
        }

        var identity = identities.Identify(message.Token, message.PublicKey, audience, facts,
            (key, origin) => RegistrationProof.Verify(key, nonce, origin, message.Token, message.Proof));
        if (identity is not { Key: { } key })
        {
            return new Admission(identity.Refused!);
        }

        if (!TunnelWishes.TryRead(message, _rules, key.ServerId, out var wishes, out var refusal))
        {
            return new Admission(refusal);
        }

        lock (_gate)
        {
            var agent = new SessionAgent(key, message.RegistrationId, message.InstanceId, message.Pool);
            var known = sessions.FindRegistration(key.PublicKey.Fingerprint, message.RegistrationId);
            var grant = known?.TryBegin();
            if (grant is null && known is { IsInUse: true })
            {
                // Sent on a link that the agent has given up. A new session would take the place of the one that it uses.
                return new Admission(new ErrorMessage(RegistrationErrorCodes.InvalidMessage,
                    "The session of this registration is in use already. The agent has to ask for another one with a new registrationId."));
            }

            return grant is not null || TryOpen(agent, wishes, out grant, out refusal)
                ? new Admission(grant!, Registered(grant!, message.Nonce, nonce, identity.Origin))
                : new Admission(refusal!);
        }
    }

    public Admission Resume(ResumeMessage message, string nonce, TokenAudience audience, EnrolmentFacts facts)
    {
        var identity = identities.Identify(message.Token, message.PublicKey, audience, facts, (key, origin) =>
            RegistrationProof.VerifyResume(key, nonce, origin, message.Token, message.Session, message.Epoch, message.Proof));
        if (identity is not { Key: { } key })
        {
            return new Admission(identity.Refused!);
        }

        if (!Nonce.IsValid(message.Nonce) || message.Received < 0)
        {
            return new Admission(new ErrorMessage(RegistrationErrorCodes.InvalidMessage,
                "The resume's nonce or offset is not what the protocol says. Check that relay and agent have compatible versions."));
        }

        var session = sessions.Find(message.Session);
        var isOwn = session is not null && session.Agent.Key.PublicKey.Equals(key.PublicKey) && session.Agent.Key.ServerId == key.ServerId;
        if (!isOwn || session!.TryResume(message.ResumeToken, message.Received) is not { } grant)
        {
            // One answer for all: nobody learns whether a session of somebody else has this id.
            return drain.Stopping.IsCancellationRequested ? ShuttingDown() : new Admission(new ErrorMessage(
                RegistrationErrorCodes.SessionUnknown, "The relay does not have this session any more. The agent registers anew by itself."));
        }

        metrics.Resumed();
        var signature = relayKey.Sign(message.Nonce, nonce, identity.Origin, session.Id, grant.Ticket.Epoch);
        return new Admission(grant, new ResumedMessage(
            grant.Ticket.Epoch, grant.ResumeToken, grant.Ticket.Received, relayKey.PublicKey.Text, signature));
    }

    private bool TryOpen(SessionAgent agent, TunnelWishes wishes, out LinkGrant? grant, out ErrorMessage? refusal)
    {
        grant = null;
        if (sessions.IsFull)
        {
            refusal = Overloaded("The relay has as many agents as it takes.");
            return false;
        }

        // A second server id gets into path mode only where the operator allows it; with a domain it has its subdomain.
        var inPathMode = sharedOrigin.TryEnter(agent.Key.ServerId);
        if (!inPathMode && string.IsNullOrEmpty(options.Value.Domain))
        {
            refusal = new ErrorMessage(RegistrationErrorCodes.SharedOrigin,
                "Another server id has a tunnel on this relay's own origin, where pages of one could read the other's. Ask the operator to set Tunnel:Relay:Domain (a subdomain for each tunnel), or Tunnel:Relay:AllowSharedOrigin if all tunnels trust each other.");
            return false;
        }

        var opened = false;
        try
        {
            if (!TryClaim(agent, wishes, out var slugs, out refusal))
            {
                return false;
            }

            var session = new RelaySession(
                agent, new TunnelSession(handler: null, budget, time), options.Value.ResumeGrace, time, sessions.Leave);
            var generation = registry.NextGeneration();
            session.Tunnels = [.. slugs.Select((slug, index) =>
                new LiveTunnel(slug, index, wishes.Services[index], inPathMode, generation, session))];
            grant = session.TryBegin()!;
            sessions.Add(session);
            if (drain.Stopping.IsCancellationRequested)
            {
                drain.Begin(session);
            }

            return opened = true;
        }
        finally
        {
            if (inPathMode && !opened)
            {
                sharedOrigin.Leave();
            }
        }
    }

    /// <summary>All slugs of the registration, or none: the ledger writes when every one of them is the agent's to have.</summary>
    private bool TryClaim(SessionAgent agent, TunnelWishes wishes, out IReadOnlyList<string> slugs, out ErrorMessage? refusal)
    {
        var worst = SlugEntry.Free;
        var outcome = claims.Claim(
            SlugClaimant.Of(agent.Key), wishes.Slugs, SlugSource(agent.Key), registry.IsLive,
            wants =>
            {
                worst = wants.Select(slug => registry.MayServe(slug, agent)).Max();
                return worst == SlugEntry.Free;
            });
        slugs = outcome.Slugs;
        refusal = outcome.Result switch
        {
            ClaimResult.Granted => null,
            ClaimResult.Taken => Refusal(SlugRefusal.Taken(outcome.Refused!)),
            ClaimResult.Quarantined => Refusal(SlugRefusal.Quarantined(outcome.Refused!)),
            _ when worst == SlugEntry.Full => Overloaded("As many agents serve this slug as can."),
            _ => new ErrorMessage(RegistrationErrorCodes.DuplicateInstance,
                "Two running agents with the same owner take the slug from each other. Stop one of them, or give each its own slug with Tunnel:Agent:Slug, or let them share it as a pool.",
                (int)RelayDefaults.TakeOverWindow.TotalSeconds),
        };
        return refusal is null;
    }

    /// <summary>Random slugs, and for a development key first the ones that it always gets, unless somebody has them.</summary>
    private Func<int, string> SlugSource(RegisteredKey key)
    {
        var given = new HashSet<int>();
        return place => key.IsDevelopment && given.Add(place)
            ? _rules.CreateFor(place == 0 ? key.ServerId : $"{key.ServerId}#{place}")
            : _rules.CreateRandom();
    }

    private RegisteredMessage Registered(LinkGrant grant, string agentNonce, string nonce, string origin)
    {
        var session = grant.Session;
        var opened = session.Tunnels.Select(tunnel => new OpenedTunnel(urls.Of(origin, tunnel.Slug, tunnel.InPathMode), tunnel.Slug)).ToArray();
        return new RegisteredMessage(
            opened[0].Url,
            opened[0].Slug,
            session.Agent.Key.ServerId,
            session.Id,
            grant.ResumeToken,
            grant.Ticket.Epoch,
            (int)options.Value.ResumeGrace.TotalSeconds,
            session.Tunnels[0].Generation,
            relayKey.PublicKey.Text,
            relayKey.Sign(agentNonce, nonce, origin, session.Id, grant.Ticket.Epoch),
            opened.Length > 1 ? opened[1..] : null,
            [Capabilities.Compression]);
    }

    private static ErrorMessage Refusal(SlugRefusal refusal) => new(refusal.Code, refusal.Sentence);

    private static ErrorMessage Overloaded(string sentence) => new(
        RegistrationErrorCodes.Overloaded, sentence + " The agent tries again by itself.", RelayDefaults.OverloadedRetryAfterSeconds);

    private static Admission ShuttingDown() => new(new ErrorMessage(
        RegistrationErrorCodes.ShuttingDown, "The relay is shutting down. The agent tries again by itself.", RelayDefaults.ShuttingDownRetryAfterSeconds));
}

/// <summary>What an agent is answered and, unless that is an error, the link that follows.</summary>
internal sealed class Admission
{
    public Admission(ErrorMessage refusal) => Answer = refusal;

    public Admission(LinkGrant grant, RegistrationMessage answer)
    {
        Grant = grant;
        Answer = answer;
    }

    public LinkGrant? Grant { get; }

    public RegistrationMessage Answer { get; }
}
