using Microsoft.Extensions.Logging;
using Tunnel.Agent.Diagnostics;
using Tunnel.Wire;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving;

/// <summary>Takes exchanges off the session's receiving loop and hands each to the server that answers for it, on a thread of its own.</summary>
internal sealed partial class ExchangeDispatcher(
    ServerTable servers, Action<TunnelRequest> onCompleted, TimeProvider time, ILogger<ExchangeDispatcher> logger) : IExchangeHandler
{
    /// <summary>Told of requests that have become a WebSocket or the like.</summary>
    public Action<TunnelRequest>? OnUpgraded { get; init; }

    /// <summary>Whether anybody is there to be told; a description is not made for nobody.</summary>
    public Func<bool> IsWatched { get; init; } = static () => true;

    /// <summary>Null where nothing is measured.</summary>
    public AgentMetrics? Metrics { get; init; }

    public void OnOpened(Exchange exchange) => ThreadPool.UnsafeQueueUserWorkItem(
        static state => _ = state.dispatcher.ServeAsync(state.exchange), (dispatcher: this, exchange), preferLocal: true);

    private async Task ServeAsync(Exchange exchange)
    {
        var started = time.GetTimestamp();
        ServedExchange? served = null;
        try
        {
            served = Take(exchange, started, out var server);
            if (served is not null)
            {
                await server!.ServeAsync(served).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            served?.Outcome = TunnelRequestOutcome.Failed;
            LogServerFault(exception);
            exchange.Abort(ErrorCode.Failed);
        }
        finally
        {
            exchange.Dispose();
            served?.Compression?.Dispose();
        }

        if (served is not null)
        {
            Metrics?.ExchangeEnded(served, time.GetElapsedTime(started));
            if (IsWatched())
            {
                onCompleted(Describe(served));
            }
        }
    }

    /// <summary>Takes the head and finds who it is for.</summary>
    /// <returns>Null when the exchange is over: it was given up already, is malformed, or is for nobody here.</returns>
    private ServedExchange? Take(Exchange exchange, long started, out IExchangeServer? server)
    {
        server = null;
        var head = default(ReceivedHead);
        var line = default(RequestLine);
        var refusal = ErrorCode.Refused;
        try
        {
            if (exchange.TryReadHead(out head))
            {
                var reader = head.Read();
                line = RequestLine.Read(ref reader);
                head.SkipTo(reader);
                server = servers.Find(line.Tunnel, line.Service);
            }
        }
        catch (Exception exception) when (exception is WireFormatException or ExchangeException)
        {
            refusal = ErrorCode.Failed;
        }

        if (server is not null)
        {
            return new ServedExchange(exchange, line, head) { Started = started, OnUpgraded = line.IsUpgrade ? OnServedUpgraded : null };
        }

        head.Dispose();
        exchange.Abort(refusal);
        return null;
    }

    private void OnServedUpgraded(ServedExchange served) => OnUpgraded?.Invoke(Describe(served));

    private TunnelRequest Describe(ServedExchange served)
    {
        var line = served.Line;
        var path = line.Target[line.PrefixLength..];
        var query = path.IndexOf('?', StringComparison.Ordinal);
        return new TunnelRequest(
            line.Method,
            query < 0 ? path : path[..query],
            served.StatusCode,
            served.ResponseBytes,
            time.GetElapsedTime(served.Started),
            served.Outcome);
    }

    [LoggerMessage(230, LogLevel.Error, "An exchange could not be served because of a fault in the agent.", EventName = "ServerFault")]
    private partial void LogServerFault(Exception exception);
}
