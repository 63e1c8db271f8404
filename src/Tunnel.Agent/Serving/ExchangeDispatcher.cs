using Microsoft.Extensions.Logging;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving;

/// <summary>Takes exchanges off the session's receiving loop and hands each to the server on a thread of its own.</summary>
internal sealed partial class ExchangeDispatcher(
    IExchangeServer server, Action<TunnelRequest> onCompleted, TimeProvider time, ILogger<ExchangeDispatcher> logger) : IExchangeHandler
{
    public void OnOpened(Exchange exchange) => ThreadPool.UnsafeQueueUserWorkItem(
        static state => _ = state.dispatcher.ServeAsync(state.exchange), (dispatcher: this, exchange), preferLocal: false);

    private async Task ServeAsync(Exchange exchange)
    {
        var started = time.GetTimestamp();
        var served = new ServedExchange(exchange);
        try
        {
            await server.ServeAsync(served).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            served.Outcome = TunnelRequestOutcome.Failed;
            LogServerFault(exception);
            exchange.Abort(ErrorCode.Failed);
        }
        finally
        {
            exchange.Dispose();
        }

        var line = served.Line;
        var path = line.Target is null ? string.Empty : line.Target[line.PrefixLength..];
        var query = path.IndexOf('?', StringComparison.Ordinal);
        onCompleted(new TunnelRequest(
            line.Method ?? string.Empty,
            query < 0 ? path : path[..query],
            served.StatusCode,
            served.ResponseBytes,
            time.GetElapsedTime(started),
            served.Outcome));
    }

    [LoggerMessage(230, LogLevel.Error, "An exchange could not be served because of a fault in the agent.", EventName = "ServerFault")]
    private partial void LogServerFault(Exception exception);
}
