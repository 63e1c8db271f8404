using System.Net.WebSockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Identity;
using Tunnel.Wire;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Agent.Dialing;

/// <summary>
/// The agent's words on a fresh link: answers the relay's challenge with a token and a signature, and asks for a new session or for
/// the next link of one.
/// </summary>
internal sealed class Registrar(
    IOptions<TunnelAgentOptions> options, AgentCredentials credentials, RelayIdentity identity, TimeProvider time)
{
    private readonly string _instanceId = CreateId();
    private string _registrationId = CreateId(); // of the session asked for next; sessions are asked for one after the other

    /// <summary>Asks for a new session. When no answer came, the next call asks for the same one again.</summary>
    /// <exception cref="DialException">The relay refused, or the link broke.</exception>
    public async Task<SessionLease> RegisterAsync(IRegistrationLink link, CancellationToken cancellationToken)
    {
        var agentNonce = Nonce.Create();
        var tunnels = TunnelWishes.Of(options.Value);
        try
        {
            var (relayNonce, answer) = await AskAsync(link, Register, cancellationToken).ConfigureAwait(false);
            if (answer is not RegisteredMessage registered)
            {
                _registrationId = answer is ErrorMessage ? CreateId() : _registrationId; // a refusal is an answer
                throw Unexpected(answer);
            }

            identity.Check(agentNonce, relayNonce, registered.Session, registered.Epoch, registered.RelayKey, registered.Signature);
            var lease = new SessionLease(registered);
            _registrationId = CreateId();
            return lease;
        }
        catch (Exception exception) when (IsBreak(exception))
        {
            throw Broken(exception);
        }

        RegistrationMessage Register(string relayNonce, string audience, string token)
        {
            var key = credentials.Key;
            var proof = RegistrationProof.Sign(key, relayNonce, audience, token);
            return new RegisterMessage(
                token, key.PublicKey.Text, proof, agentNonce, _registrationId, _instanceId,
                tunnels.Slug, tunnels.Services, tunnels.Others, options.Value.Pool,
                options.Value.Compress ? [Capabilities.Compression] : null);
        }
    }

    /// <summary>Asks for the next link of a session.</summary>
    /// <param name="link">A fresh one.</param>
    /// <param name="lease">Renewed when the relay has answered.</param>
    /// <param name="received">The offset up to which the relay's sequence has been received.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>
    /// The offset up to which the relay has received this side's sequence; <see langword="null"/> when it does not know the session any more.
    /// </returns>
    /// <exception cref="DialException">The relay refused, or the link broke.</exception>
    public async Task<long?> ResumeAsync(IRegistrationLink link, SessionLease lease, long received, CancellationToken cancellationToken)
    {
        var agentNonce = Nonce.Create();
        try
        {
            var (relayNonce, answer) = await AskAsync(link, Resume, cancellationToken).ConfigureAwait(false);
            switch (answer)
            {
                case ErrorMessage { Code: RegistrationErrorCodes.SessionUnknown }:
                    return null;
                case ResumedMessage resumed when resumed.Epoch > lease.Epoch && resumed.Received >= 0:
                    identity.Check(agentNonce, relayNonce, lease.Session, resumed.Epoch, resumed.RelayKey, resumed.Signature);
                    lease.Renew(resumed);
                    return resumed.Received;
                default:
                    throw Unexpected(answer);
            }
        }
        catch (Exception exception) when (IsBreak(exception))
        {
            throw Broken(exception);
        }

        RegistrationMessage Resume(string relayNonce, string audience, string token)
        {
            var key = credentials.Key;
            var proof = RegistrationProof.SignResume(key, relayNonce, audience, token, lease.Session, lease.Epoch);
            return new ResumeMessage(token, key.PublicKey.Text, proof, agentNonce, lease.Session, lease.ResumeToken, lease.Epoch, received);
        }
    }

    /// <summary>Takes the challenge, sends what is made of it, and takes the answer to that.</summary>
    private async Task<(string RelayNonce, RegistrationMessage Answer)> AskAsync(
        IRegistrationLink link, Func<string, string, string, RegistrationMessage> make, CancellationToken cancellationToken)
    {
        var channel = new RegistrationChannel(link);
        var first = await channel.ReceiveAsync(cancellationToken).ConfigureAwait(false);
        if (first is not ChallengeMessage { Nonce: var relayNonce } || !Nonce.IsValid(relayNonce))
        {
            throw Unexpected(first);
        }

        var audience = Origin.Of(options.Value.Relay!);
        var message = make(relayNonce, audience, CreateToken(audience));
        await channel.SendAsync(message, cancellationToken).ConfigureAwait(false);
        return (relayNonce, await channel.ReceiveAsync(cancellationToken).ConfigureAwait(false));
    }

    private string CreateToken(string audience)
    {
        var claims = AgentTokenClaims.For(credentials.ServerId, audience, time.GetUtcNow(), AgentDefaults.TokenLifetime) with
        {
            Frame = options.Value.Slug,
            Port = options.Value.ForwardTo is { Port: >= 0 } target ? target.Port : null,
        };
        return AgentToken.Create(credentials.Key, claims);
    }

    /// <summary>128 bits: what registrations and processes are told apart by.</summary>
    private static string CreateId() => Base64UrlText.Encode(RandomNumberGenerator.GetBytes(16));

    private static bool IsBreak(Exception exception) => exception is WireFormatException or WebSocketException or IOException;

    private DialException Broken(Exception exception) => new(TunnelFailureReason.Unreachable,
        $"The relay at {options.Value.Relay} ended the connection before the tunnel was registered. The agent tries again by itself.",
        inner: exception);

    private static Exception Unexpected(RegistrationMessage answer)
    {
        if (answer is not ErrorMessage error)
        {
            return new WireFormatException("The relay's answer is not one that fits.");
        }

        var reason = error.Code switch
        {
            RegistrationErrorCodes.SlugTaken or RegistrationErrorCodes.SlugQuarantined => TunnelFailureReason.SlugTaken,
            RegistrationErrorCodes.SlugInvalid or RegistrationErrorCodes.SlugReserved or RegistrationErrorCodes.SlugNotAllowed
                or RegistrationErrorCodes.SharedOrigin or RegistrationErrorCodes.TooManyTunnels => TunnelFailureReason.SlugRefused,
            RegistrationErrorCodes.DuplicateInstance => TunnelFailureReason.DuplicateInstance,
            RegistrationErrorCodes.Overloaded or RegistrationErrorCodes.ShuttingDown => TunnelFailureReason.Overloaded,
            _ => TunnelFailureReason.KeyRefused,
        };
        return new DialException(reason, error.Message,
            error.RetryAfter is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 3600)) : null);
    }
}
