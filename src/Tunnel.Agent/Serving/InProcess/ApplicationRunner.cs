using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Tunnel.Wire;
using Tunnel.Wire.Frames;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>Runs one application for exchange after exchange. Request objects are reused; at most 256 are kept.</summary>
internal sealed class ApplicationRunner<TContext>(IHttpApplication<TContext> application, InProcessSettings settings) : IExchangeServer
    where TContext : notnull
{
    private const int MaxKept = 256;
    private readonly ConcurrentQueue<InProcessRequest<TContext>> _kept = new();

    public async Task ServeAsync(ServedExchange served)
    {
        if (!_kept.TryDequeue(out var request))
        {
            request = new InProcessRequest<TContext>(settings);
        }

        try
        {
            request.Begin(served);
        }
        catch (WireFormatException)
        {
            served.Outcome = TunnelRequestOutcome.Failed;
            served.Exchange.Abort(ErrorCode.Failed);
            return;
        }
        catch (BadHttpRequestException exception)
        {
            InProcessRequest.Refuse(served, exception.StatusCode, settings);
            return;
        }

        var context = default(TContext);
        Exception? failure = null;
        try
        {
            context = application.CreateContext(request);
            try
            {
                await application.ProcessRequestAsync(context).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            await request.FinishAsync(failure).ConfigureAwait(false);
            await request.FireOnCompletedAsync().ConfigureAwait(false); // callbacks may use the context
            application.DisposeContext(context, failure);
        }
        finally
        {
            if (request.End(served) && _kept.Count < MaxKept)
            {
                _kept.Enqueue(request);
            }
        }
    }
}
