using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;

namespace Tunnel.BenchPeers;

/// <summary>
/// What a tunnel's link costs with no tunnel on it: ClientWebSocket and Kestrel in one process over loopback. Down is from the
/// client (where an agent is) to the server, as responses go, and so the direction that is masked.
/// </summary>
internal static class Link
{
    private const int MessageLength = 64 * 1024;
    private const int PingLength = 64;
    private const long Gibibyte = 1L << 30;
    private const int Pings = 20_000;

    public sealed record Result(
        double DownMegabytesPerSecond,
        double UpMegabytesPerSecond,
        double DownCpuSecondsPerGibibyte,
        double UpCpuSecondsPerGibibyte,
        double PingPongMicroseconds);

    public static async Task<Result> MeasureAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var app = await StartAsync();
        var address = app.Urls.Single().Replace("http:", "ws:", StringComparison.Ordinal);
        using var client = new ClientWebSocket();
        client.Options.Proxy = null;
        await client.ConnectAsync(new Uri(address), limit.Token);

        await DownAsync(client, Gibibyte / 4, limit.Token);
        await UpAsync(client, Gibibyte / 4, limit.Token);
        await PingAsync(client, Pings, limit.Token);
        var down = await TimeAsync(() => DownAsync(client, Gibibyte, limit.Token));
        var up = await TimeAsync(() => UpAsync(client, Gibibyte, limit.Token));
        var ping = await TimeAsync(() => PingAsync(client, Pings, limit.Token));
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
        return new Result(
            Gibibyte / down.Seconds / 1e6, Gibibyte / up.Seconds / 1e6, down.Cpu, up.Cpu, ping.Seconds / Pings * 1e6);
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(ServeAsync);
        await app.StartAsync();
        return app;
    }

    // A text message is an order: the number of bytes that follow (positive) or are to be sent (negative). Binary messages
    // outside an order are pings.
    private static async Task ServeAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[MessageLength];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            switch (received.MessageType)
            {
                case WebSocketMessageType.Close:
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                    return;
                case WebSocketMessageType.Binary:
                    await socket.SendAsync(
                        buffer.AsMemory(0, received.Count), WebSocketMessageType.Binary, true, context.RequestAborted);
                    break;
                case WebSocketMessageType.Text when long.Parse(buffer.AsSpan(0, received.Count)) is var order and < 0:
                    await SendAsync(socket, buffer, -order, context.RequestAborted);
                    break;
                default:
                    await ReceiveAsync(socket, buffer, long.Parse(buffer.AsSpan(0, received.Count)), context.RequestAborted);
                    await socket.SendAsync("done"u8.ToArray(), WebSocketMessageType.Text, true, context.RequestAborted);
                    break;
            }
        }
    }

    private static async Task DownAsync(WebSocket client, long bytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[MessageLength];
        await OrderAsync(client, bytes, cancellationToken);
        await SendAsync(client, buffer, bytes, cancellationToken);
        await client.ReceiveAsync(buffer.AsMemory(), cancellationToken);
    }

    private static async Task UpAsync(WebSocket client, long bytes, CancellationToken cancellationToken)
    {
        await OrderAsync(client, -bytes, cancellationToken);
        await ReceiveAsync(client, new byte[MessageLength], bytes, cancellationToken);
    }

    private static async Task PingAsync(WebSocket client, int count, CancellationToken cancellationToken)
    {
        var buffer = new byte[PingLength];
        for (var i = 0; i < count; i++)
        {
            await client.SendAsync(buffer.AsMemory(), WebSocketMessageType.Binary, true, cancellationToken);
            await ReceiveAsync(client, buffer, PingLength, cancellationToken);
        }
    }

    private static Task OrderAsync(WebSocket client, long order, CancellationToken cancellationToken) =>
        client.SendAsync(Encoding.ASCII.GetBytes($"{order}"), WebSocketMessageType.Text, true, cancellationToken);

    private static async Task SendAsync(WebSocket socket, byte[] message, long bytes, CancellationToken cancellationToken)
    {
        for (long sent = 0; sent < bytes; sent += message.Length)
        {
            await socket.SendAsync(message.AsMemory(), WebSocketMessageType.Binary, true, cancellationToken);
        }
    }

    private static async Task ReceiveAsync(WebSocket socket, byte[] buffer, long bytes, CancellationToken cancellationToken)
    {
        for (long received = 0; received < bytes;)
        {
            received += (await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken)).Count;
        }
    }

    private static async Task<(double Seconds, double Cpu)> TimeAsync(Func<Task> action)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        await action();
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }
}
