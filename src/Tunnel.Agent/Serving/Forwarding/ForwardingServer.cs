using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Tunnel.Agent.Diagnostics;
using Tunnel.Agent.Serving.Forwarding.Http2;
using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>
/// Answers exchanges from a local server, over HTTP/2 where the target or the request asks for it and over HTTP/1.1 otherwise. Requests go to the configured target only: it follows no redirect, uses no proxy,
/// keeps no cookies and leaves bodies as they are.
/// </summary>
internal sealed partial class ForwardingServer(
    ForwardTarget target, HostRule hostRule, CertificateRule certificates, TimeProvider time, ILogger<ForwardingServer> logger)
    : IExchangeServer, IDisposable
{
    private readonly OriginPool _pool = new(new TargetConnector(target, certificates, time), time);
    private readonly Http2Client _http2 = new(target, new TargetConnector(target, certificates, time));

    // Only keep the log short, so a lost race costs one more line. Each protocol has its own: otherwise a visitor who asks for the one that
    // the target does not speak could write two lines with every request.
    private bool _unreachable;
    private bool _http2Unreachable;

    /// <summary>Null where nothing is traced.</summary>
    public AgentTraces? Traces { get; init; }

    public async Task ServeAsync(ServedExchange served)
    {
        ForwardTrace? trace = null;
        var aborted = new AbortSignal(served.Exchange);
        var overHttp2 = target.IsHttp2;
        try
        {
            var request = ReadRequest(served);
            overHttp2 |= request.IsGrpc;
            trace = Traces?.Begin(request, target, overHttp2);
            var answered = overHttp2
                ? Http2Exchange.RunAsync(served, request, _http2, aborted)
                : new ForwardedExchange(served, request, _pool, aborted, time).RunAsync();
            await answered.ConfigureAwait(false);
            served.Outcome = TunnelRequestOutcome.Completed;
            NoteReached(ref Unreachable(overHttp2));
        }
        catch (Exception exception) when (aborted.IsSet || exception is ExchangeException)
        {
            Give(served, TunnelRequestOutcome.Aborted, ErrorCode.Cancelled);
        }
        catch (OriginUnreachableException exception)
        {
            Give(served, TunnelRequestOutcome.TargetUnreachable, ErrorCode.TargetUnreachable);
            NoteUnreachable(ref Unreachable(overHttp2), exception);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // A reset, so that a body cut short never looks complete to the visitor.
            Give(served, TunnelRequestOutcome.Failed, ErrorCode.Failed);
            LogBrokenOff(target.Uri, exception.Message);
        }
        finally
        {
            trace?.End(served);
        }
    }

    public void Dispose()
    {
        _pool.Dispose();
        _http2.Dispose();
    }

    private OriginRequest ReadRequest(ServedExchange served)
    {
        using var headers = served.TakeHeaders();
        return OriginRequest.Read(served.Line, headers.Read(), target, hostRule);
    }

    private static void Give(ServedExchange served, TunnelRequestOutcome outcome, ErrorCode code)
    {
        served.Outcome = outcome;
        served.Exchange.Abort(code);
    }

    private ref bool Unreachable(bool overHttp2) => ref overHttp2 ? ref _http2Unreachable : ref _unreachable;

    private void NoteReached(ref bool unreachable)
    {
        if (unreachable)
        {
            unreachable = false;
            LogReached(target.Uri);
        }
    }

    private void NoteUnreachable(ref bool unreachable, OriginUnreachableException exception)
    {
        if (!unreachable)
        {
            unreachable = true;
            if (exception.CertificateProblem is { } problem)
            {
                LogCertificateRefused(target.Uri, problem);
            }
            else
            {
                LogUnreachable(target.Uri, exception.InnerException!.Message);
            }
        }
    }

    [LoggerMessage(240, LogLevel.Warning, "Nothing answers at {Target}, so visitors get a 502: {Reason}", EventName = "TargetUnreachable")]
    private partial void LogUnreachable(Uri target, string reason);

    [LoggerMessage(243, LogLevel.Warning,
        "The certificate of {Target} is not taken, so visitors get a 502: {Reason}. Set ForwardCertificate, beside ForwardTo (--certificate of tunnel http), to a PEM file with the root that it comes from or with the certificate itself, or to 'any' for no check.",
        EventName = "TargetCertificateRefused")]
    private partial void LogCertificateRefused(Uri target, string reason);

    [LoggerMessage(241, LogLevel.Information, "{Target} answers again.", EventName = "TargetReached")]
    private partial void LogReached(Uri target);

    [LoggerMessage(242, LogLevel.Debug, "A response from {Target} broke off: {Reason}", EventName = "ResponseBrokenOff")]
    private partial void LogBrokenOff(Uri target, string reason);
}
