// A device: a small web app with a page, an event stream and an echoing WebSocket, published on the hub by one line.
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

var builder = WebApplication.CreateBuilder(args);

builder.Services.AddTunnelAgent("http://127.0.0.1:6100", o => o.Slug = "demo");
builder.WebHost.UseTunnelServer(); // The tunnel is the only way in: no local port.

var app = builder.Build();
app.UseWebSockets();

app.MapGet("/", () => Results.Content("<h1>Hello from the device</h1><p><a href=\"clock\">What time is it?</a></p>\n", "text/html"));

app.MapGet("/clock", (CancellationToken stop) => Results.ServerSentEvents(Clock(stop)));

app.MapGet("/echo", async (HttpContext context) =>
{
    using var socket = await context.WebSockets.AcceptWebSocketAsync();
    var buffer = new byte[4096];
    while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } message)
    {
        await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, context.RequestAborted);
    }

    await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
});

app.Run();

static async IAsyncEnumerable<string> Clock([EnumeratorCancellation] CancellationToken stop)
{
    for (; !stop.IsCancellationRequested; await Task.Delay(1000, stop))
    {
        yield return TimeProvider.System.GetLocalNow().ToString("T");
    }
}
