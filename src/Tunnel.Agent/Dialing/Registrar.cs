using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Identity;
using Tunnel.Wire;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Agent.Dialing;

/// <summary>Registers the agent on a fresh WebSocket: answers the relay's challenge with a token and a signature.</summary>
internal sealed class Registrar(IOptions<TunnelAgentOptions> options, AgentCredentials credentials, TimeProvider time)
{
    public async Task<RegisteredMessage> RegisterAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var relay = options.Value.Relay!;
        try
        {
            var channel = new RegistrationChannel(socket);
            var challenge = await channel.ReceiveAsync(cancellationToken).ConfigureAwait(false);
            if (challenge is ErrorMessage refused)
            {
                throw Refused(refused);
            }

            if (challenge is not ChallengeMessage { Nonce: var nonce } || !Nonce.IsValid(nonce))
            {
                throw new WireFormatException("The relay did not begin with a challenge.");
            }

            await channel.SendAsync(Answer(relay, nonce), cancellationToken).ConfigureAwait(false);
            return await channel.ReceiveAsync(cancellationToken).ConfigureAwait(false) switch
            {
                RegisteredMessage registered when Uri.TryCreate(registered.Url, UriKind.Absolute, out _) => registered,
                ErrorMessage error => throw Refused(error),
                _ => throw new WireFormatException("The relay did not answer the registration."),
            };
        }
        catch (Exception exception) when (exception is WireFormatException or WebSocketException or IOException)
        {
            throw new DialException(TunnelFailureReason.Unreachable,
                $"The relay at {relay} ended the connection before the tunnel was registered. The agent tries again by itself.", inner: exception);
        }
    }

    private RegisterMessage Answer(Uri relay, string nonce)
    {
        var audience = Origin.Of(relay);
        var key = credentials.Key;
        var claims = AgentTokenClaims.For(credentials.ServerId, audience, time.GetUtcNow(), AgentDefaults.TokenLifetime) with
        {
            Frame = options.Value.Slug,
            Port = options.Value.ForwardTo is { Port: >= 0 } target ? target.Port : null,
        };
        var token = AgentToken.Create(key, claims);
        return new RegisterMessage(token, key.PublicKey.Text, RegistrationProof.Sign(key, nonce, audience, token), options.Value.Slug);
    }

    private static DialException Refused(ErrorMessage error)
    {
        var reason = error.Code switch
        {
            RegistrationErrorCodes.SlugTaken or RegistrationErrorCodes.SlugQuarantined => TunnelFailureReason.SlugTaken,
            RegistrationErrorCodes.SlugInvalid or RegistrationErrorCodes.SlugReserved or RegistrationErrorCodes.SlugNotAllowed
                or RegistrationErrorCodes.SharedOrigin => TunnelFailureReason.SlugRefused,
            RegistrationErrorCodes.ShuttingDown => TunnelFailureReason.Overloaded,
            _ => TunnelFailureReason.KeyRefused,
        };
        return new DialException(reason, error.Message,
            error.RetryAfter is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 3600)) : null);
    }
}
