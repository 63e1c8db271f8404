using System.Net.WebSockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>One of each kind of exchange. What is in the bodies follows from a seed, so that a wrong byte, one too many and one too few are seen.</summary>
internal static class TransferApp
{
    public const int Length = 200_000;
    public const int Events = 40;
    private const string Trailer = "X-Hash";

    public static void Map(WebApplication app)
    {
        app.UseWebSockets();
        app.MapGet("/download/{seed:int}", DownloadAsync);
        app.MapPost("/upload", UploadAsync);
        app.MapPost("/echo", context => context.Request.Body.CopyToAsync(context.Response.Body));
        app.MapGet("/events/{seed:int}", EventsAsync);
        app.MapGet("/head/{seed:int}", Head);
        app.MapGet("/socket", SocketAsync);
        app.MapGet("/upgrade", UpgradeAsync);
    }

    public static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    public static string Event(int seed, int number) => $"data: {seed}-{number}-{new string('e', number * 7)}\n\n";

    /// <summary>Almost as large as Kestrel and the tunnel let it be.</summary>
    public static string Field(int seed, int number) => $"{seed}-{number}-{new string((char)('a' + number), 2500)}";

    private static async Task DownloadAsync(HttpContext context, int seed)
    {
        var bytes = Bytes(seed, Length);
        var hasTrailers = context.Response.SupportsTrailers(); // not for visitors on HTTP/1.1
        if (hasTrailers)
        {
            context.Response.DeclareTrailer(Trailer);
        }

        for (int at = 0, size = 1; at < bytes.Length; at += size, size = Math.Min((size * 3) + 1, 40_000))
        {
            size = Math.Min(size, bytes.Length - at);
            await context.Response.Body.WriteAsync(bytes.AsMemory(at, size));
            await context.Response.Body.FlushAsync();
        }

        if (hasTrailers)
        {
            context.Response.AppendTrailer(Trailer, Hash(bytes));
        }
    }

    private static async Task UploadAsync(HttpContext context)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        await context.Response.WriteAsync($"{body.Length} {Hash(body.ToArray())}");
    }

    private static async Task EventsAsync(HttpContext context, int seed)
    {
        context.Response.ContentType = "text/event-stream";
        for (var number = 0; number < Events; number++)
        {
            await context.Response.WriteAsync(Event(seed, number));
            await context.Response.Body.FlushAsync();
        }
    }

    private static Task Head(HttpContext context, int seed)
    {
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        for (var number = 0; number < 20; number++)
        {
            context.Response.Headers[$"X-Field-{number}"] = Field(seed, number);
        }

        return context.Response.WriteAsync(context.Request.Headers["X-Large"].ToString());
    }

    private static async Task SocketAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[8 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync((WebSocketCloseStatus)4001, "seen", context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, context.RequestAborted);
        }
    }

    private static async Task UpgradeAsync(HttpContext context)
    {
        await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        var buffer = new byte[5000];
        while (await stream.ReadAsync(buffer, context.RequestAborted) is > 0 and var count)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
        }
    }
}
