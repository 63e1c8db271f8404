using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Wire;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Sends a visitor's request body to the agent as it comes. What fits into the initial credit stays in the server's reader, so that
/// another agent can have the whole: an agent that refuses the request, as one that stops does, grants no more than that.
/// </summary>
internal sealed class VisitorUpload(VisitorRequest request, Exchange exchange, VisitorHeaders headers)
{
    private readonly PipeReader _body = request.Context.Request.BodyReader;
    private readonly TaskCompletionSource? _asked =
        request.ExpectsContinue ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
    private long _kept; // bytes at the reader's beginning that were sent and are still there
    private volatile bool _stopped;

    /// <summary>Ends when the body ends, the agent reads no more, or it is stopped; never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            // The first read makes the server send 100-continue, so it waits for the app to want the body.
            while (await exchange.WaitForCreditAsync())
            {
                var reading = _body.ReadAsync();
                _asked?.TrySetResult();
                var result = await reading;
                if (result.IsCanceled && _stopped)
                {
                    // What nobody has taken stays there, for another agent or for the server to drain.
                    _body.AdvanceTo(result.Buffer.Start);
                    return;
                }

                // A read can also have been cancelled for an upload before this one that needed it no more.
                foreach (var segment in result.Buffer.Slice(_kept))
                {
                    request.IsBodyTaken = true;
                    if (!await exchange.WriteAsync(segment))
                    {
                        _body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                        return;
                    }
                }

                Sent(result.Buffer);
                if (result.IsCompleted)
                {
                    End();
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or BadHttpRequestException or OperationCanceledException or InvalidOperationException)
        {
            // The visitor left, or its body is malformed: the app must not take what came for the whole. For some faults Kestrel has no
            // better exception than that of a broken connection; who has really left hears none of it.
            request.BodyFault = exception switch
            {
                BadHttpRequestException bad => bad.StatusCode,
                IOException => StatusCodes.Status400BadRequest,
                _ => null,
            };
            exchange.Abort(ErrorCode.Cancelled);
        }
        finally
        {
            _asked?.TrySetResult();
        }
    }

    /// <summary>
    /// Completes when the 100 that an agent has asked for is on its way: the server sends none any more once the response has begun, and
    /// the visitor would keep its body to itself.
    /// </summary>
    public Task WhenAskedForAsync() => _asked is not null && exchange.HasCredit ? _asked.Task : Task.CompletedTask;

    private void Sent(in ReadOnlySequence<byte> sent)
    {
        if (!request.IsBodyGone && !request.IsAnswered && sent.Length <= WireDefaults.CreditFloor)
        {
            _kept = sent.Length;
            _body.AdvanceTo(sent.Start, sent.End);
            return;
        }

        request.IsBodyGone = true;
        _kept = 0;
        _body.AdvanceTo(sent.End);
    }

    private void End()
    {
        if (request.Context.Features.Get<IHttpRequestTrailersFeature>() is not { Available: true, Trailers: { Count: > 0 } trailers })
        {
            exchange.End();
            return;
        }

        using var section = HeadWriter.Rent();
        foreach (var (name, values) in trailers)
        {
            for (var index = 0; index < values.Count && !HopByHop.DropsFromTrailers(name); index++)
            {
                headers.Write(section, name, values[index] ?? string.Empty);
            }
        }

        section.EndHeaders();
        exchange.EndWithTrailers(section.Written);
    }

    /// <summary>Lets go of the visitor's body; <see cref="RunAsync"/> ends soon after.</summary>
    public void Stop()
    {
        _stopped = true;
        exchange.Reset(ErrorCode.None);
        _body.CancelPendingRead();
    }
}
