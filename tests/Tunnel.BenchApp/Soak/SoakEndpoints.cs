using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography;

namespace Tunnel.BenchApp.Soak;

/// <summary>What the soak's visitors ask for besides the bench's own endpoints.</summary>
internal static class SoakEndpoints
{
    private const int PieceLength = 64 * 1024;

    public static void MapSoak(this WebApplication app)
    {
        app.MapGet("/soak/bytes/{seed:long}/{length:long:min(0)}", BytesAsync);
        app.MapPost("/soak/hash", HashAsync);
        app.Map("/soak/messages/{seed:long}/{count:int}", MessagesAsync);
    }

    private static async Task BytesAsync(HttpContext context, long seed, long length)
    {
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = length;
        var piece = new byte[Math.Min(PieceLength, length)];
        for (long sent = 0; sent < length;)
        {
            var count = (int)Math.Min(piece.Length, length - sent);
            SeededBytes.Fill(seed, sent, piece.AsSpan(0, count));
            await context.Response.Body.WriteAsync(piece.AsMemory(0, count), context.RequestAborted);
            sent += count;
        }
    }

    /// <summary>Answers how long the body was, and its SHA-256.</summary>
    private static async Task HashAsync(HttpContext context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[PieceLength];
        long length = 0;
        int count;
        while ((count = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            hash.AppendData(buffer.AsSpan(0, count));
            length += count;
        }

        var answer = string.Create(CultureInfo.InvariantCulture, $"{length} {Convert.ToHexString(hash.GetHashAndReset())}");
        context.Response.ContentType = "text/plain";
        await context.Response.WriteAsync(answer, context.RequestAborted);
    }

    private static async Task MessagesAsync(HttpContext context, long seed, int count)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var aborted = context.RequestAborted;
        try
        {
            await Task.WhenAll(
                NumberedMessages.SendAsync(socket, seed, count, aborted),
                NumberedMessages.ReceiveAsync(socket, -seed, count, aborted));
        }
        catch (InvalidDataException exception)
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.InvalidPayloadData, exception.Message, aborted);
            return;
        }

        var last = await socket.ReceiveAsync(new byte[1].AsMemory(), aborted);
        var isRight = last.MessageType == WebSocketMessageType.Close && socket.CloseStatus == NumberedMessages.VisitorCloses;
        await socket.CloseOutputAsync(
            isRight ? NumberedMessages.AppCloses : WebSocketCloseStatus.ProtocolError, $"{last.MessageType} {socket.CloseStatus}", aborted);
    }
}
