using Tunnel.Agent.Serving.Forwarding.Origin;

namespace Tunnel.Agent.Serving.Forwarding.Http2;

/// <summary>
/// One exchange on its way to the target and back over HTTP/2. A visitor who leaves resets the stream there, and a stream that the
/// target resets is reset here.
/// </summary>
internal static class Http2Exchange
{
    public static async Task RunAsync(ServedExchange served, OriginRequest request, Http2Client client, AbortSignal aborted)
    {
        if (request.WantsWebSocket)
        {
            await Http2WebSocket.RunAsync(served, request, client, aborted).ConfigureAwait(false);
            return;
        }

        var body = request.Line.HasBody ? new RequestContent(served.Exchange) : null;
        using var message = Http2Request.Create(request, client.Origin, body);
        try
        {
            using var response = await client.SendAsync(message, aborted.Token).ConfigureAwait(false);
            await Http2Response.PassOnAsync(served, response, aborted.Token).ConfigureAwait(false);
        }
        catch (IOException) when (body?.Broken is { } broken)
        {
            throw broken; // the target has only answered the visitor's breaking off
        }
        finally
        {
            // A response that is complete needs nothing more of the request.
            if (body is not null)
            {
                await body.StopAsync().ConfigureAwait(false);
            }
        }
    }
}
