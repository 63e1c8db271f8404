using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>
/// Answers exchanges from a local HTTP/1.1 server. Requests go to the configured target only: it follows no redirect, uses no proxy,
/// keeps no cookies and leaves bodies as they are.
/// </summary>
internal sealed partial class ForwardingServer(
    ForwardTarget target, HostRule hostRule, TimeProvider time, ILogger<ForwardingServer> logger) : IExchangeServer, IDisposable
{
    private readonly OriginPool _pool = new(target, time);
    private bool _unreachable; // only keeps the log short, so a lost race costs one more line

    public async Task ServeAsync(ServedExchange served)
    {
        ForwardedExchange? forwarded = null;
        try
        {
            var request = ReadRequest(served);
            forwarded = new ForwardedExchange(served, request, _pool, time);
            await forwarded.RunAsync().ConfigureAwait(false);
            served.Outcome = TunnelRequestOutcome.Completed;
            NoteReached();
        }
        catch (Exception exception) when (forwarded is { IsAborted: true } || exception is ExchangeException)
        {
            Give(served, TunnelRequestOutcome.Aborted, ErrorCode.Cancelled);
        }
        catch (OriginUnreachableException exception)
        {
            Give(served, TunnelRequestOutcome.TargetUnreachable, ErrorCode.TargetUnreachable);
            NoteUnreachable(exception);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // A reset, so that a body cut short never looks complete to the visitor.
            Give(served, TunnelRequestOutcome.Failed, ErrorCode.Failed);
            LogBrokenOff(target.Uri, exception.Message);
        }
    }

    public void Dispose() => _pool.Dispose();

    private OriginRequest ReadRequest(ServedExchange served)
    {
        using var head = served.TakeHead();
        var request = OriginRequest.Read(head.Read(), target, hostRule);
        served.Line = request.Line;
        return request;
    }

    private static void Give(ServedExchange served, TunnelRequestOutcome outcome, ErrorCode code)
    {
        served.Outcome = outcome;
        served.Exchange.Abort(code);
    }

    private void NoteReached()
    {
        if (_unreachable)
        {
            _unreachable = false;
            LogReached(target.Uri);
        }
    }

    private void NoteUnreachable(OriginUnreachableException exception)
    {
        if (!_unreachable)
        {
            _unreachable = true;
            LogUnreachable(target.Uri, exception.InnerException!.Message);
        }
    }

    [LoggerMessage(240, LogLevel.Warning, "Nothing answers at {Target}, so visitors get a 502: {Reason}", EventName = "TargetUnreachable")]
    private partial void LogUnreachable(Uri target, string reason);

    [LoggerMessage(241, LogLevel.Information, "{Target} answers again.", EventName = "TargetReached")]
    private partial void LogReached(Uri target);

    [LoggerMessage(242, LogLevel.Debug, "A response from {Target} broke off: {Reason}", EventName = "ResponseBrokenOff")]
    private partial void LogBrokenOff(Uri target, string reason);
}
