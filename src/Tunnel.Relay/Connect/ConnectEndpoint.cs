using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Relay.Hosting;
using Tunnel.Relay.Storage;
using Tunnel.Wire;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Connect;

/// <summary>Where agents dial in: takes the connection, lets the desk decide, and runs the link for as long as it lives.</summary>
internal sealed partial class ConnectEndpoint(
    RegistrationDesk desk,
    FailureLimiter failures,
    RelayMetrics metrics,
    IServer server,
    IHostEnvironment environment,
    IOptions<TunnelRelayOptions> options,
    TimeProvider time,
    ILogger<ConnectEndpoint> logger)
{
    // Besides the codes of the protocol.
    private const string TooManyFailures = "too_many_failures";
    private const string NotCompleted = "not_completed";

    public async Task HandleAsync(HttpContext context)
    {
        var origin = context.Request.Headers.Origin;
        if (origin.Count > 0 && !options.Value.AllowedOrigins.Contains(origin.ToString(), StringComparer.OrdinalIgnoreCase))
        {
            // Any web page can open a WebSocket to any address, with the visitor's cookies and from the visitor's machine.
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Agents connect here; web pages do not. See Tunnel:Relay:AllowedOrigins.");
            return;
        }

        if (!AgentConnection.IsAsked(context))
        {
            context.Response.Headers.Upgrade = $"{WireDefaults.Subprotocol}, websocket";
            await RefuseAsync(context, StatusCodes.Status426UpgradeRequired, $"Agents connect here, by an upgrade to {WireDefaults.Subprotocol}, or by a WebSocket with that subprotocol.");
            return;
        }

        var facts = EnrolmentFacts.Of(context, server, environment, options.Value);
        // Behind a proxy that the app trusts, this is the agent's own address; the socket's would be the proxy's, and everybody's.
        var address = context.Connection.RemoteIpAddress;
        if (!failures.Allows(address))
        {
            metrics.Registration(TooManyFailures);
            context.Response.Headers.RetryAfter = FailureLimiter.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await RefuseAsync(context, StatusCodes.Status429TooManyRequests, "Too many failed registrations came from this address.");
            return;
        }

        var audience = TokenAudience.Of(options.Value, context, facts.Connection);
        await using var link = await AgentConnection.AcceptAsync(context, time);
        KernelBuffer.Limit(context);
        if (await RegisterAsync(link, audience, facts, address, context.RequestAborted) is { } admission)
        {
            await RunLinkAsync(link, admission.Grant!, admission.Answer, address);
        }
    }

    private async Task<Admission?> RegisterAsync(
        IRegistrationLink link, TokenAudience audience, EnrolmentFacts facts, IPAddress? address, CancellationToken aborted)
    {
        using var deadline = new CancellationTokenSource(RelayDefaults.RegistrationTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted);
        ErrorMessage? refusal = null;
        try
        {
            var channel = new RegistrationChannel(link);
            var nonce = Nonce.Create();
            await channel.SendAsync(new ChallengeMessage(nonce), either.Token);
            var admission = await DecideAsync(channel, nonce, audience, facts, either.Token);
            if (admission.Grant is not null)
            {
                metrics.Registration(error: null);
                return admission;
            }

            refusal = (ErrorMessage)admission.Answer;
            LogRefused(address, refusal.Code);
            metrics.Registration(refusal.Code);
            if (!IsExpected(refusal.Code))
            {
                failures.Failed(address);
            }

            await channel.SendAsync(refusal, either.Token);
            await link.CloseAsync();
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            LogBroken(address, exception.Message);
            if (refusal is null)
            {
                metrics.Registration(NotCompleted);
            }

            failures.Failed(address);
            link.Abort();
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
    private async Task RunLinkAsync(IRegistrationLink link, LinkGrant grant, RegistrationMessage answer, IPAddress? address)
    {
        var end = new LinkEnd(LinkEndKind.Lost);
        try
        {
            await AnswerAsync(link, answer);
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

        if (end.Kind == LinkEndKind.Lost)
        {
            metrics.LinkLost();
        }

        if (end.Kind != LinkEndKind.SessionOver)
        {
            LogLinkEnded(grant.Session.Agent.Key.ServerId, end.Kind, end.Error?.Message ?? "the connection was closed");
        }
    }

    private async Task AnswerAsync(IRegistrationLink link, RegistrationMessage answer)
    {
        using var deadline = new CancellationTokenSource(RelayDefaults.RegistrationTimeout, time);
        await new RegistrationChannel(link).SendAsync(answer, deadline.Token);
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
