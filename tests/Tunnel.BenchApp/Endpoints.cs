using System.Buffers;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Tunnel.BenchApp;

internal static class Endpoints
{
    private static readonly byte[] Greeting = "Hello, world!"u8.ToArray();

    public static Task Hello(HttpContext context)
    {
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = Greeting.Length;
        return context.Response.Body.WriteAsync(Greeting, 0, Greeting.Length);
    }

    public static async Task Bytes(HttpContext context)
    {
        var length = long.Parse((string)context.Request.RouteValues["n"]!, CultureInfo.InvariantCulture);
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = length;
        var body = context.Response.Body;
        for (long sent = 0; sent < length;)
        {
            var piece = Pattern.At(sent, length - sent);
            await body.WriteAsync(piece, context.RequestAborted);
            sent += piece.Length;
        }
    }

    /// <summary>Sends the body back while it arrives.</summary>
    public static async Task Echo(HttpContext context)
    {
        context.Response.ContentType = context.Request.ContentType ?? "application/octet-stream";
        await context.Response.StartAsync(context.RequestAborted);
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            foreach (var segment in read.Buffer)
            {
                context.Response.BodyWriter.Write(segment.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }

            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>Reads the whole body and answers how many bytes it had.</summary>
    public static async Task Sink(HttpContext context)
    {
        long count = 0;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            count += read.Buffer.Length;
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        var answer = count.ToString(CultureInfo.InvariantCulture);
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = answer.Length;
        await context.Response.WriteAsync(answer, context.RequestAborted);
    }

    /// <summary>Sends <paramref name="count"/> events, one every <paramref name="interval"/> milliseconds.</summary>
    public static IResult Events(HttpContext context, int count = 10, int interval = 100) =>
        TypedResults.ServerSentEvents(Ticks(count, interval, context.RequestAborted));

    /// <summary>Sends every message back, fragment by fragment, so that one buffer serves any message.</summary>
    public static async Task WebSocketEcho(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[Pattern.PieceLength].AsMemory();
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                return;
            }

            await socket.SendAsync(
                buffer[..received.Count], received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    }

    private static async IAsyncEnumerable<SseItem<string>> Ticks(
        int count, int interval, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
            {
                await Task.Delay(interval, cancellationToken);
            }

            yield return new SseItem<string>(i.ToString(CultureInfo.InvariantCulture), "tick");
        }
    }
}
