using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Tunnel.Relay.Diagnostics;
using Tunnel.Relay.Errors;
using Tunnel.Relay.Hosting;
using Tunnel.Relay.Registry;
using Tunnel.Wire;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Serves one visitor's request through a tunnel: head out, body out while the response comes in, response to the visitor. One that no
/// agent has begun to answer can go to the next.
/// </summary>
internal sealed partial class VisitorServer(
    VisitorOpener opener, ParkingLot parking, ResponseWaits waits, RelayErrorResponse errors, VisitorHeaders headers,
    VisitorResponseHead responseHead, CompressedBody compressed, VisitorWatcher watcher, RelayMetrics metrics, ILogger<VisitorServer> logger)
{
    public async Task ServeAsync(HttpContext context, VisitorTarget target, TunnelPool pool)
    {
        var request = new VisitorRequest(context, target);
        using var watch = watcher.Begin(request, pool.Slug);
        if (!VisitorFraming.IsUnambiguous(context.Request))
        {
            // What follows on this connection could be part of this request's body.
            context.Response.OnStarting(static state =>
            {
                ((HttpResponse)state).Headers.Connection = "close";
                return Task.CompletedTask;
            }, context.Response);
            await FailAsync(request, pool.Slug, RelayError.AmbiguousFraming);
            return;
        }

        // The agent's side limits bodies; the relay would only cut what the app allows.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            // So does the app decide how slow a visitor may send: a gRPC stream, or a device's upload, can be silent for minutes.
            rate.MinDataRate = null;
        }

        RelayError? failure = null; // of the attempt before
        for (var attempts = RelayDefaults.OpenAttempts; ; attempts--)
        {
            var attempt = await OpenAsync(request, pool);
            if (attempt.Exchange is not { } exchange)
            {
                await FailAsync(request, pool.Slug, failure ?? attempt.Error!);
                return;
            }

            failure = await ServeAsync(request, attempt.Tunnel!, exchange, mayRetry: attempts > 1);
            if (failure is null)
            {
                return;
            }
        }
    }

    /// <summary>Opens the exchange, at once or when an agent can take it; else the attempt's error says why not.</summary>
    private async ValueTask<OpenAttempt> OpenAsync(VisitorRequest request, TunnelPool pool)
    {
        try
        {
            var attempt = opener.TryOpen(request, pool);
            if (attempt.Outcome is OpenOutcome.NotNow or OpenOutcome.Leaving)
            {
                attempt = await parking.ParkAsync(request, pool, opener.Measure(request));
            }

            return attempt.Outcome switch
            {
                OpenOutcome.TooMany => OpenAttempt.Failed(RelayError.TooManyExchanges),
                OpenOutcome.NoMemory => OpenAttempt.Failed(RelayError.NoMemory),
                _ => attempt,
            };
        }
        catch (HeadTooLargeException)
        {
            return OpenAttempt.Failed(RelayError.HeadTooLarge);
        }
        catch (WireFormatException)
        {
            return OpenAttempt.Failed(RelayError.MalformedHeader);
        }
        catch (OperationCanceledException)
        {
            // The visitor has left; nobody reads this.
            return OpenAttempt.Failed(RelayError.AgentAway);
        }
    }

    /// <returns>Null when the visitor has been answered, or what to answer unless another agent takes the request.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RelayError?> ServeAsync(VisitorRequest request, LiveTunnel tunnel, Exchange exchange, bool mayRetry)
    {
        var context = request.Context;
        request.Exchange = exchange;
        request.Sends++;
        using (exchange)
        {
            // The visitor's leaving ends the exchange, and with it every wait below.
            await using var leaving = context.RequestAborted.UnsafeRegister(
                static state => ((Exchange)state!).Abort(ErrorCode.Cancelled), exchange);
            try
            {
                await CarryAsync(request, exchange);
            }
            catch (ExchangeException exception)
            {
                var error = request.IsGivenUp ? RelayError.AgentTooSlow
                    : exception.Code == ErrorCode.Refused && tunnel.Session.Wire.IsAccepting ? RelayError.TooManyExchanges
                    : RelayErrors.Of(exception.Code);
                if (request.BodyFault is { } fault && !context.Response.HasStarted)
                {
                    // As the app's own server would answer.
                    context.Response.Clear();
                    context.Response.StatusCode = fault;
                    return null;
                }

                if (mayRetry && MayGoOn(request, tunnel, exception.Code))
                {
                    LogRetried(tunnel.Slug, error.Title);
                    return error;
                }

                await FailAsync(request, tunnel.Slug, error);
            }
            catch (Exception exception) when (exception is WireFormatException or InvalidOperationException)
            {
                // A head that breaks the protocol, or one that the relay's own server refuses to send (a header outside ASCII, a body on 204).
                LogMalformed(tunnel.Slug, exception.Message);
                exchange.Abort(ErrorCode.Failed);
                await FailAsync(request, tunnel.Slug, RelayError.AgentFailed);
            }
        }

        return null;
    }

    /// <summary>Whether another agent, or the next session, may have the request (PROTOCOL.md, Parking and retry).</summary>
    private static bool MayGoOn(VisitorRequest request, LiveTunnel tunnel, ErrorCode code)
    {
        if (request.IsGivenUp || request.IsAnswered || request.IsBodyGone || request.Context.RequestAborted.IsCancellationRequested)
        {
            return false;
        }

        if (code == ErrorCode.Refused)
        {
            request.Refused(tunnel);
            return true;
        }

        return code == ErrorCode.LinkLost && request.IsRepeatable && !request.IsBodyTaken;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CarryAsync(VisitorRequest request, Exchange exchange)
    {
        var context = request.Context;
        var upload = request.HasBody ? new VisitorUpload(request, exchange, headers) : null;
        var uploading = upload?.RunAsync() ?? Task.CompletedTask;
        try
        {
            var status = request.Status = await ReadHeadAsync(request, exchange);
            if (upload is not null)
            {
                await upload.WhenAskedForAsync();
            }

            if (request.Upgrade.IsUpgrade && status == StatusCodes.Status101SwitchingProtocols)
            {
                await VisitorDuplex.RunAsync(context, request.Upgrade, exchange);
            }
            else
            {
                await (request.IsAnswerCompressed ? compressed.CopyAsync(context, exchange) : VisitorResponseBody.CopyAsync(context, exchange));
                responseHead.CopyTrailers(request, exchange);
            }

            if (!uploading.IsCompleted)
            {
                // An early response. The app may still read what the visitor sends, until it has ended or reads no more.
                await context.Response.CompleteAsync();
                await Task.WhenAny(uploading, exchange.WhenStoppedAsync());
            }
        }
        finally
        {
            if (!uploading.IsCompleted)
            {
                upload!.Stop();
            }

            await uploading;
        }
    }

    /// <summary>Waits for the final head, for as long as something moves (<see cref="ResponseWaits"/>).</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadHeadAsync(VisitorRequest request, Exchange exchange)
    {
        var reading = responseHead.ReadAsync(request, exchange);
        if (reading.IsCompleted)
        {
            return await reading;
        }

        int status;
        waits.Add(request);
        try
        {
            status = await reading;
        }
        finally
        {
            waits.Remove(request);
        }

        // The head may have come in the moment in which the exchange was given up.
        return request.IsGivenUp ? throw new ExchangeException(ErrorCode.Cancelled) : status;
    }

    private async Task FailAsync(VisitorRequest request, string slug, RelayError error)
    {
        var context = request.Context;
        if (context.RequestAborted.IsCancellationRequested)
        {
            request.HasVisitorLeft = true;
            return;
        }

        request.Failure = error;

        // What was written and waits for the end cannot be taken back: an answer of the relay's own would come behind it.
        if (context.Response.HasStarted || context.Response.BodyWriter is { CanGetUnflushedBytes: true, UnflushedBytes: > 0 })
        {
            // A broken transfer, never a short one that looks complete.
            LogCut(slug, error.Title);
            metrics.Failed(error.Code);
            context.Abort();
            return;
        }

        await errors.WriteAsync(context, error);
    }

    [LoggerMessage(201, LogLevel.Debug, "A response of tunnel {Slug} was cut: {Reason}", EventName = "ResponseCut")]
    private partial void LogCut(string slug, string reason);

    [LoggerMessage(202, LogLevel.Warning, "The agent of tunnel {Slug} sent a response that cannot be passed on: {Reason}", EventName = "MalformedResponse")]
    private partial void LogMalformed(string slug, string reason);

    [LoggerMessage(203, LogLevel.Debug, "A request to tunnel {Slug} goes to another agent or session: {Reason}", EventName = "RequestRetried")]
    private partial void LogRetried(string slug, string reason);
}
