using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Relay.Registry;
using Tunnel.Wire;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Connect;

/// <summary>Where agents dial in: takes the WebSocket, registers the agent, and keeps the session for as long as the link lives.</summary>
internal sealed partial class ConnectEndpoint(
    RegistrationDesk desk,
    TunnelRegistry registry,
    PublicUrls urls,
    FailureLimiter failures,
    IServer server,
    IHostEnvironment environment,
    IHostApplicationLifetime lifetime,
    IOptions<TunnelRelayOptions> options,
    TimeProvider time,
    ILogger<ConnectEndpoint> logger)
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(3);

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

        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The relay is shutting down.");
            return;
        }

        var audience = TokenAudience.Of(options.Value, context, facts.Connection);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(WireDefaults.Subprotocol);
        if (await RegisterAsync(socket, audience, facts, address, context.RequestAborted) is { } grant)
        {
            try
            {
                await ServeAsync(socket, grant, address);
            }
            finally
            {
                desk.Leave(grant);
            }
        }
    }

    private async Task<RegistrationGrant?> RegisterAsync(
        WebSocket socket, TokenAudience audience, EnrolmentFacts facts, IPAddress? address, CancellationToken aborted)
    {
        using var deadline = new CancellationTokenSource(RelayDefaults.RegistrationTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted);
        try
        {
            var channel = new RegistrationChannel(socket);
            var nonce = Nonce.Create();
            await channel.SendAsync(new ChallengeMessage(nonce), either.Token);
            var decision = await channel.ReceiveAsync(either.Token) is RegisterMessage register
                ? desk.Decide(register, nonce, audience, facts)
                : new RegistrationDecision(null, new ErrorMessage(RegistrationErrorCodes.InvalidMessage, "A register message was expected."));
            if (decision.Granted is { } granted)
            {
                return granted;
            }

            LogRefused(address, decision.Refused!.Code);
            failures.Failed(address);
            await channel.SendAsync(decision.Refused, either.Token);
            await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, decision.Refused.Code, either.Token);
        }
        catch (Exception exception) when (exception is WireFormatException or WebSocketException or OperationCanceledException or IOException)
        {
            LogBroken(address, exception.Message);
            failures.Failed(address);
            socket.Abort();
        }

        return null;
    }

    private async Task ServeAsync(WebSocket socket, RegistrationGrant grant, IPAddress? remote)
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var session = new TunnelSession(new WebSocketLink(socket, time, opened.Task), handler: null, time);
        var tunnel = new LiveTunnel(grant.Slug, grant.ServerId, grant.InPathMode, session);
        if (registry.Add(tunnel) is { } replaced)
        {
            // The same owner has come back before its old link was known to be dead.
            replaced.Session.Abort();
        }

        var started = time.GetTimestamp();
        try
        {
            // Who hears of the tunnel from its agent must find it here; what visitors send meanwhile waits on the link.
            await ConfirmAsync(socket, grant);
            opened.SetResult();
            LogOpened(grant.Slug, grant.ServerId);
            var error = await RunAsync(session);
            LogClosed(grant.Slug, time.GetElapsedTime(started).TotalSeconds, error?.Message ?? "closed in order");
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            LogBroken(remote, exception.Message);
        }
        finally
        {
            registry.Remove(tunnel);
            opened.TrySetCanceled();
        }
    }

    private async Task ConfirmAsync(WebSocket socket, RegistrationGrant grant)
    {
        using var deadline = new CancellationTokenSource(RelayDefaults.RegistrationTimeout, time);
        await new RegistrationChannel(socket).SendAsync(
            new RegisteredMessage(urls.Of(grant.Origin, grant.Slug, grant.InPathMode), grant.Slug, grant.ServerId), deadline.Token);
    }

    /// <summary>Runs the session to its end; when the app stops first, lets open requests finish and closes the link in order.</summary>
    private async Task<Exception?> RunAsync(TunnelSession session)
    {
        var run = session.RunAsync();
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (lifetime.ApplicationStopping.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), stop))
        {
            if (await Task.WhenAny(run, stop.Task) != run)
            {
                try
                {
                    await session.DrainAsync().WaitAsync(RelayDefaults.DrainTimeout, time);
                    await session.CloseAsync().WaitAsync(CloseTimeout, time);
                    return await run.WaitAsync(CloseTimeout, time);
                }
                catch (TimeoutException)
                {
                    LogDrainIncomplete(session.OpenExchanges);
                    return null;
                }
            }
        }

        var error = await run;
        await session.CloseAsync();
        return error;
    }

    private static Task RefuseAsync(HttpContext context, int status, string sentence)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(sentence);
    }

    [LoggerMessage(101, LogLevel.Information, "Tunnel {Slug} of {ServerId} is open.", EventName = "TunnelOpened")]
    private partial void LogOpened(string slug, string serverId);

    [LoggerMessage(102, LogLevel.Information, "Tunnel {Slug} is closed after {Seconds:0} s: {Reason}", EventName = "TunnelClosed")]
    private partial void LogClosed(string slug, double seconds, string reason);

    [LoggerMessage(103, LogLevel.Warning, "A registration from {Address} was refused: {Code}", EventName = "RegistrationRefused")]
    private partial void LogRefused(IPAddress? address, string code);

    [LoggerMessage(104, LogLevel.Information, "A registration from {Address} was not completed: {Reason}", EventName = "RegistrationBroken")]
    private partial void LogBroken(IPAddress? address, string reason);

    [LoggerMessage(105, LogLevel.Warning, "The relay stops; {Count} open requests did not end in time and were cut.", EventName = "DrainIncomplete")]
    private partial void LogDrainIncomplete(int count);
}
