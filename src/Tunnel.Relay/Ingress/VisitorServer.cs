using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Tunnel.Relay.Errors;
using Tunnel.Relay.Registry;
using Tunnel.Wire;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>Serves one visitor's request through a tunnel: head out, body out while the response comes in, response to the visitor.</summary>
internal sealed partial class VisitorServer(VisitorRequestHead requestHead, ILogger<VisitorServer> logger)
{
    public async Task ServeAsync(HttpContext context, VisitorTarget target, LiveTunnel tunnel)
    {
        if (!VisitorFraming.IsUnambiguous(context.Request))
        {
            // What follows on this connection could be part of this request's body.
            context.Response.OnStarting(static state =>
            {
                ((HttpResponse)state).Headers.Connection = "close";
                return Task.CompletedTask;
            }, context.Response);
            await RelayErrorResponse.WriteAsync(context, RelayError.AmbiguousFraming);
            return;
        }

        // The agent's side limits bodies; the relay would only cut what the app allows.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        var upgrade = VisitorUpgrade.Of(context);
        var hasBody = !upgrade.IsUpgrade && (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true);
        Exchange? exchange;
        try
        {
            exchange = Open(tunnel.Session, context, target, upgrade, hasBody);
        }
        catch (HeadTooLargeException)
        {
            await RelayErrorResponse.WriteAsync(context, RelayError.HeadTooLarge);
            return;
        }

        if (exchange is null)
        {
            await RelayErrorResponse.WriteAsync(context, tunnel.Session.IsAccepting ? RelayError.TooManyExchanges : RelayError.AgentAway);
            return;
        }

        using (exchange)
        {
            // The visitor's leaving ends the exchange, and with it every wait below.
            await using var leaving = context.RequestAborted.UnsafeRegister(
                static state => ((Exchange)state!).Abort(ErrorCode.Cancelled), exchange);
            try
            {
                await CarryAsync(context, exchange, upgrade, hasBody, target);
            }
            catch (ExchangeException exception)
            {
                await FailAsync(context, tunnel, RelayErrors.Of(exception.Code));
            }
            catch (Exception exception) when (exception is WireFormatException or InvalidOperationException)
            {
                // A head that breaks the protocol, or one that the relay's own server refuses to send (a header outside ASCII, a body on 204).
                LogMalformed(tunnel.Slug, exception.Message);
                exchange.Abort(ErrorCode.Failed);
                await FailAsync(context, tunnel, RelayError.AgentFailed);
            }
        }
    }

    private Exchange? Open(
        TunnelSession session, HttpContext context, in VisitorTarget target, in VisitorUpgrade upgrade, bool hasBody)
    {
        using var head = HeadWriter.Rent();
        requestHead.Write(head, context, target, upgrade, hasBody);

        // The visitor's 100-continue goes out when its body is first read here, so that waits for the app to read (RFC 9110 section 10.1.1).
        var expects = hasBody && context.Request.Headers.Expect.Count > 0;
        return session.TryOpen(
            head.Written, expects ? FrameFlags.NoCredit : hasBody || upgrade.IsUpgrade ? FrameFlags.None : FrameFlags.End);
    }

    private static async Task CarryAsync(
        HttpContext context, Exchange exchange, VisitorUpgrade upgrade, bool hasBody, VisitorTarget target)
    {
        var upload = hasBody ? VisitorUpload.RunAsync(context.Request.BodyReader, exchange) : Task.CompletedTask;
        try
        {
            var status = await VisitorResponse.ReadHeadAsync(context, exchange, target, upgrade);
            if (upgrade.IsUpgrade && status == StatusCodes.Status101SwitchingProtocols)
            {
                await VisitorDuplex.RunAsync(context, upgrade, exchange);
            }
            else
            {
                await VisitorResponse.CopyBodyAsync(context, exchange);
            }

            if (!upload.IsCompleted)
            {
                // An early response. The app may still read what the visitor sends, until it has ended or reads no more.
                await context.Response.CompleteAsync();
                await Task.WhenAny(upload, exchange.WhenStoppedAsync());
            }
        }
        finally
        {
            if (!upload.IsCompleted)
            {
                exchange.Reset(ErrorCode.None);
                context.Request.BodyReader.CancelPendingRead();
            }

            await upload;
        }
    }

    private async Task FailAsync(HttpContext context, LiveTunnel tunnel, RelayError error)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (context.Response.HasStarted)
        {
            // A broken transfer, never a short one that looks complete.
            LogCut(tunnel.Slug, error.Title);
            context.Abort();
            return;
        }

        await RelayErrorResponse.WriteAsync(context, error);
    }

    [LoggerMessage(201, LogLevel.Debug, "A response of tunnel {Slug} was cut: {Reason}", EventName = "ResponseCut")]
    private partial void LogCut(string slug, string reason);

    [LoggerMessage(202, LogLevel.Warning, "The agent of tunnel {Slug} sent a response that cannot be passed on: {Reason}", EventName = "MalformedResponse")]
    private partial void LogMalformed(string slug, string reason);
}
