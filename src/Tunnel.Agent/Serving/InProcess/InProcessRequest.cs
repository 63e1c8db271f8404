using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>An <see cref="InProcessRequest"/> that keeps hosting's context, so that hosting reuses it.</summary>
internal sealed class InProcessRequest<TContext>(InProcessSettings settings) : InProcessRequest(settings), IHostContextContainer<TContext>
    where TContext : notnull
{
    public TContext? HostContext { get; set; }
}

/// <summary>
/// One request in the app's pipeline: its feature collection and every feature a server offers, over one exchange. It serves many
/// requests one after another; between <see cref="Begin"/> and <see cref="End"/> it belongs to one.
/// </summary>
internal abstract partial class InProcessRequest(InProcessSettings settings)
{
    private ServedExchange _served = null!;
    private Exchange _exchange = null!;

    /// <summary>Takes the request's head.</summary>
    /// <exception cref="Tunnel.Wire.WireFormatException">The head is not what the protocol says.</exception>
    /// <exception cref="BadHttpRequestException">The head is one that Kestrel would refuse.</exception>
    public void Begin(ServedExchange served)
    {
        _served = served;
        _exchange = served.Exchange;
        BeginRequest(served.Line);
        using (var headers = served.TakeHeaders())
        {
            var lines = headers.Read();
            InProcessHeaders.Read(ref lines, _requestHeaders, settings);
        }

        SayFraming(served.Line);

        BeginResponse();
        _exchange.OnAborted(this);
    }

    /// <summary>Answers a request that the application never sees, as Kestrel would.</summary>
    public static void Refuse(ServedExchange served, int statusCode, InProcessSettings settings)
    {
        using var head = HeadWriter.Rent();
        new ResponseLine(statusCode, string.Empty).Write(head);
        head.Header("Content-Length", "0");
        WriteServer(head, settings);
        head.EndHeaders();
        served.Exchange.SendHead(head.Written, FrameFlags.End, flush: true);
        served.StatusCode = statusCode;
    }

    /// <summary>Ends the response after the application has returned, as Kestrel would. Never throws.</summary>
    public async Task FinishAsync(Exception? failure)
    {
        if (IsAborted && !HasStarted)
        {
            // Nothing was sent and nothing will be; hosting logs what Kestrel would let it log.
            _statusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }

        if (failure is null)
        {
            try
            {
                await CompleteResponseAsync().ConfigureAwait(false);
                return;
            }
            catch (Exception exception)
            {
                // An OnStarting callback threw, or the response is shorter than its Content-Length: the application's failure too.
                failure = exception;
            }
        }

        if (IsAborted)
        {
            return;
        }

        _served.Outcome = TunnelRequestOutcome.Failed;
        var bad = failure as BadHttpRequestException;
        if (bad is null)
        {
            settings.OnApplicationError(failure);
        }

        if (HasStarted)
        {
            // The visitor must not take what it got for the whole.
            _exchange.Reset(ErrorCode.Failed);
            return;
        }

        SetErrorResponse(bad?.StatusCode ?? StatusCodes.Status500InternalServerError);
        await CompleteResponseAsync().ConfigureAwait(false);
    }

    /// <summary>Lets go of the exchange. Returns whether the object may serve another request.</summary>
    public bool End(ServedExchange served)
    {
        bool aborted;
        lock (_abortGate)
        {
            aborted = _aborted;
            _current = null; // from here on an abort is nobody's
        }

        served.StatusCode = HasStarted ? StatusCode : 0;
        served.ResponseBytes = _responseBytes;
        if (aborted && served.Outcome == TunnelRequestOutcome.Completed)
        {
            served.Outcome = TunnelRequestOutcome.Aborted;
        }

        // What the application kept beyond an upgrade, an abort or a write that still runs may still be used; then nothing here may be.
        var reusable = !aborted && _upgrade is null && _responseWriter is not { IsWriting: true };
        EndRequest();
        EndResponse();
        EndFeatures();
        _served = null!;
        return reusable;
    }
}
