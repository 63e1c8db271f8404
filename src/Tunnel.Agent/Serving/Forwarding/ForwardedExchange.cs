using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>
/// One exchange on its way to the target and back over HTTP/1.1: 1. connect, 2. send the request, 3. meanwhile read the response's heads, 4. pass the
/// response on, 5. stop what is left of the request, 6. keep the connection if it is clean.
/// </summary>
internal sealed class ForwardedExchange(
    ServedExchange served, OriginRequest request, OriginPool pool, AbortSignal aborted, TimeProvider time)
{
    // One place of those that may wait at the relay is the final head's; a target that sends more must not cost the link.
    private const int MaxInformational = WireDefaults.MaxWaitingHeads - 1;

    private int _informational;

    public async Task RunAsync()
    {
        while (pool.TryTake(request.IsRepeatable, out var kept))
        {
            if (await TryAnswerAsync(kept, isKept: true).ConfigureAwait(false))
            {
                return;
            }
        }

        var connection = await pool.ConnectAsync(aborted.Token).ConfigureAwait(false); // 1
        await TryAnswerAsync(connection, isKept: false).ConfigureAwait(false);
    }

    /// <summary>Returns <see langword="false"/> when a kept connection was closed by the target before it took the request.</summary>
    private async Task<bool> TryAnswerAsync(OriginConnection connection, bool isKept)
    {
        var upload = new RequestUpload(served.Exchange, request, connection, time);
        aborted.Guard(connection);
        var uploading = upload.RunAsync(); // 2
        var isClean = false;
        try
        {
            isClean = await AnswerAsync(connection, upload).ConfigureAwait(false);
            if (isClean && !uploading.IsCompleted)
            {
                // An early response. The target may want the rest all the same, and closes if it does not.
                isClean = await connection.StaysOpenWhileAsync(uploading).ConfigureAwait(false);
            }

            return true;
        }
        catch (IOException) when (isKept && !connection.HasAnswered && !aborted.IsSet)
        {
            pool.Distrust();
            if (!request.IsRepeatable)
            {
                throw;
            }

            return false;
        }
        finally
        {
            // 5. An upload that is complete has nothing to cancel. Any other may wait for the visitor, or for a target that does not read.
            isClean &= uploading.IsCompleted;
            if (!isClean)
            {
                connection.Abort();
                await upload.StopAsync().ConfigureAwait(false);
            }

            await uploading.ConfigureAwait(false);
            aborted.Release();
            if (isClean && upload.IsComplete && !aborted.IsSet && !connection.HasLeftovers)
            {
                pool.Return(connection); // 6
            }
            else
            {
                connection.Dispose();
            }
        }
    }

    /// <summary>Returns whether the connection may carry another request.</summary>
    private async Task<bool> AnswerAsync(OriginConnection connection, RequestUpload upload)
    {
        var head = await ReadFinalHeadAsync(connection, upload).ConfigureAwait(false); // 3
        served.StatusCode = head.StatusCode;
        if (head.StatusCode == 101)
        {
            if (!request.WantsUpgrade)
            {
                throw new OriginProtocolException("The target changes the protocol unasked.");
            }

            ForwardedResponse.SendHead(served.Exchange, head, end: false, flush: true);
            served.Upgraded();
            await UpgradedStream.PumpAsync(served, connection).ConfigureAwait(false);
            return false;
        }

        var framing = BodyFraming.Of(head, request.Line.Method);
        if (framing.IsComplete) // 4
        {
            ForwardedResponse.SendHead(served.Exchange, head, end: true, flush: true);
        }
        else
        {
            ForwardedResponse.SendHeadOfBody(served, head, framing.Left);
            await ForwardedResponse.CopyBodyAsync(served, connection.Input, framing).ConfigureAwait(false);
        }

        return head.KeepsAlive && !framing.EndsWithConnection;
    }

    private async Task<OriginResponseHead> ReadFinalHeadAsync(OriginConnection connection, RequestUpload upload)
    {
        while (true)
        {
            var head = await connection.ReadHeadAsync().ConfigureAwait(false);
            if (head.StatusCode == 100 || !head.IsInformational)
            {
                upload.OnAnswer(head.StatusCode);
            }
            else if (_informational++ < MaxInformational)
            {
                ForwardedResponse.SendHead(served.Exchange, head, end: false, flush: true);
            }

            if (!head.IsInformational)
            {
                return head;
            }
        }
    }
}
