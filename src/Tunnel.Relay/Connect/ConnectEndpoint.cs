using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Relay.Storage;
using Tunnel.Wire;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Connect;

/// <summary>Where agents dial in: takes the WebSocket, lets the desk decide, and runs the link for as long as it lives.</summary>
internal sealed partial class ConnectEndpoint(
    RegistrationDesk desk,
    FailureLimiter failures,
    IServer server,
    IHostEnvironment environment,
    IOptions<TunnelRelayOptions> options,
    TimeProvider time,
    ILogger<ConnectEndpoint> logger)
{
    public async Task HandleAsync(HttpContext context)
    {
        var origin = context.Request.Headers.Origin;
        if (origin.Count > 0 && !options.Value.AllowedOrigins.Contains(origin.ToString(), StringComparer.OrdinalIgnoreCase))
        {
            // Any web page can open a WebSocket to any address, with the visitor's cookies and from the visitor's machine.
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Agents connect here; web pages do not. See Tunnel:Relay:AllowedOrigins.");
            return;
        }

        if (!context.WebSockets.IsWebSocketRequest || !context.WebSockets.WebSocketRequestedProtocols.Contains(WireDefaults.Subprotocol))
        {
            context.Response.Headers.Upgrade = "websocket";
            await RefuseAsync(context, StatusCodes.Status426UpgradeRequired, $"Agents connect here, by a WebSocket with the subprotocol {WireDefaults.Subprotocol}.");
            return;
        }

        var facts = EnrolmentFacts.Of(context, server, environment, options.Value);
        // Behind a proxy that the app trusts, this is the agent's own address; the socket's would be the proxy's, and everybody's.
        var address = context.Connection.RemoteIpAddress;
        if (!failures.Allows(address))
        {
            context.Response.Headers.RetryAfter = FailureLimiter.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await RefuseAsync(context, StatusCodes.Status429TooManyRequests, "Too many failed registrations came from this address.");
            return;
        }

        var audience = TokenAudience.Of(options.Value, context, facts.Connection);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(WireDefaults.Subprotocol);
        KernelBuffer.Limit(context);
        if (await RegisterAsync(socket, audience, facts, address, context.RequestAborted) is { } admission)
        {
            await RunLinkAsync(socket, admission.Grant!, admission.Answer, address);
        }
    }

    private async Task<Admission?> RegisterAsync(
        WebSocket socket, TokenAudience audience, EnrolmentFacts facts, IPAddress? address, CancellationToken aborted)
    {
        using var deadline = new CancellationTokenSource(RelayDefaults.RegistrationTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted);
        try
        {
            var channel = new RegistrationChannel(socket);
            var nonce = Nonce.Create();
            await channel.SendAsync(new ChallengeMessage(nonce), either.Token);
            var admission = await DecideAsync(channel, nonce, audience, facts, either.Token);
            if (admission.Grant is not null)
            {
                return admission;
            }

            var refusal = (ErrorMessage)admission.Answer;
            LogRefused(address, refusal.Code);
            if (!IsExpected(refusal.Code))
            {
                failures.Failed(address);
            }

            await channel.SendAsync(refusal, either.Token);
            await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, refusal.Code, either.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            LogBroken(address, exception.Message);
            failures.Failed(address);
            socket.Abort();
        }

        return null;
    }

    private async Task<Admission> DecideAsync(
        RegistrationChannel channel, string nonce, TokenAudience audience, EnrolmentFacts facts, CancellationToken cancellationToken)
    {
        try
        {
            return await channel.ReceiveAsync(cancellationToken) switch
            {
                RegisterMessage register => desk.Register(register, nonce, audience, facts),
                ResumeMessage resume => desk.Resume(resume, nonce, audience, facts),
                _ => new Admission(new ErrorMessage(RegistrationErrorCodes.InvalidMessage, "A register or resume message was expected.")),
            };
        }
        catch (WireFormatException exception)
        {
            return new Admission(new ErrorMessage(RegistrationErrorCodes.InvalidMessage, exception.Message));
        }
        catch (RelayStorageException exception)
        {
            LogStorage(exception.Message);
            return new Admission(new ErrorMessage(RegistrationErrorCodes.Overloaded,
                "The relay cannot keep the claim on its disk; its operator sees why in its log. The agent tries again by itself.",
                RelayDefaults.OverloadedRetryAfterSeconds));
        }
    }

    /// <summary>What an agent that did nothing wrong gets too, when the relay restarts or the agent runs twice.</summary>
    private static bool IsExpected(string code) => code
        is RegistrationErrorCodes.SessionUnknown or RegistrationErrorCodes.ShuttingDown
        or RegistrationErrorCodes.Overloaded or RegistrationErrorCodes.DuplicateInstance;

    /// <summary>The session was told to expect this link, so whatever happens here it hears of the link's end.</summary>
    private async Task RunLinkAsync(WebSocket socket, LinkGrant grant, RegistrationMessage answer, IPAddress? address)
    {
        await using var link = new WebSocketLink(socket, time);
        var end = new LinkEnd(LinkEndKind.Lost);
        try
        {
            await AnswerAsync(socket, answer);
            end = await grant.Session.Wire.RunAsync(grant.Ticket, link, grant.PeerReceived);
        }
        catch (WireFormatException exception)
        {
            end = new LinkEnd(LinkEndKind.SessionOver, exception);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            LogBroken(address, exception.Message);
        }
        finally
        {
            grant.Session.LinkEnded(grant.Ticket, end);
        }

        if (end.Kind != LinkEndKind.SessionOver)
        {
            LogLinkEnded(grant.Session.Agent.Key.ServerId, end.Kind, end.Error?.Message ?? "the connection was closed");
        }
    }

    private async Task AnswerAsync(WebSocket socket, RegistrationMessage answer)
    {
        using var deadline = new CancellationTokenSource(RelayDefaults.RegistrationTimeout, time);
        await new RegistrationChannel(socket).SendAsync(answer, deadline.Token);
    }

    private static Task RefuseAsync(HttpContext context, int status, string sentence)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(sentence);
    }

    [LoggerMessage(103, LogLevel.Warning, "A registration from {Address} was refused: {Code}", EventName = "RegistrationRefused")]
    private partial void LogRefused(IPAddress? address, string code);

    [LoggerMessage(104, LogLevel.Information, "A registration from {Address} was not completed: {Reason}", EventName = "RegistrationBroken")]
    private partial void LogBroken(IPAddress? address, string reason);

    [LoggerMessage(108, LogLevel.Error, "An agent was turned away: {Reason}", EventName = "StorageFailed")]
    private partial void LogStorage(string reason);

    [LoggerMessage(107, LogLevel.Information, "A link of {ServerId} has ended ({Kind}): {Reason}", EventName = "LinkEnded")]
    private partial void LogLinkEnded(string serverId, LinkEndKind kind, string reason);
}
