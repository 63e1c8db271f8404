using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding.Http2;

/// <summary>
/// A visitor's WebSocket to a target that speaks HTTP/2 only: an extended CONNECT there (RFC 8441), an upgrade of HTTP/1.1 on the way. The
/// framework cannot end one direction alone, so the end of either ends both.
/// </summary>
internal static class Http2WebSocket
{
    private const int BufferSize = 16 * 1024;

    public static async Task RunAsync(ServedExchange served, OriginRequest request, Http2Client client, AbortSignal aborted)
    {
        using var message = Http2Request.Create(request, client.Origin, body: null);
        message.Method = HttpMethod.Connect;
        message.Headers.Protocol = "websocket";
        message.Headers.Remove("Sec-WebSocket-Key");
        using var response = await client.SendAsync(message, aborted.Token).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            await Http2Response.PassOnAsync(served, response, aborted.Token).ConfigureAwait(false);
            return;
        }

        List<HeaderLine> headers = [new("Connection", "Upgrade"), new("Upgrade", "websocket"), .. Http2Response.HeadersOf(response)];
        if (request.WebSocketKey is { } key)
        {
            headers.Add(new("Sec-WebSocket-Accept", Accept(key)));
        }

        var head = new OriginResponseHead((int)HttpStatusCode.SwitchingProtocols, string.Empty, isHttp11: true, headers);
        ForwardedResponse.SendHead(served.Exchange, head, end: false, flush: true);
        served.Upgraded();
        using var stream = await response.Content.ReadAsStreamAsync(aborted.Token).ConfigureAwait(false);
        await PumpAsync(served, stream, aborted.Token).ConfigureAwait(false);
    }

    private static async Task PumpAsync(ServedExchange served, Stream target, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendAsync(served.Exchange, target, ended.Token);
        var receiving = ReceiveAsync(served, target, ended.Token);
        var first = await Task.WhenAny(sending, receiving).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(sending, receiving).ConfigureAwait(false);
        }
        catch (Exception exception) when (first.IsCompletedSuccessfully && exception is OperationCanceledException or IOException)
        {
            // The other direction ended with it.
        }

        served.Exchange.End();
    }

    private static async Task SendAsync(Exchange exchange, Stream target, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await exchange.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var segment in result.Buffer)
            {
                await target.WriteAsync(segment, cancellationToken).ConfigureAwait(false);
            }

            exchange.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }

            await target.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task ReceiveAsync(ServedExchange served, Stream target, CancellationToken cancellationToken)
    {
        while (true)
        {
            // An idle connection holds no buffer: a read of zero bytes waits without consuming.
            _ = await target.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                var count = await target.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    return;
                }

                await served.SendBodyAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>What the target would have said to the key (RFC 6455 section 4.2.2); HTTP/2 has neither.</summary>
    private static string Accept(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.Latin1.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}
