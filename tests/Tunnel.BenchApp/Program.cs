using Tunnel.Agent;
using Tunnel.BenchApp;
using Tunnel.BenchApp.Soak;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
if (builder.Configuration["log"] is { } level)
{
    builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Tunnel", Enum.Parse<LogLevel>(level));
    builder.Logging.AddSimpleConsole(console => console.TimestampFormat = "HH:mm:ss.fff ");
}

builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Limits.MaxRequestBodySize = null;
    kestrel.Limits.MinRequestBodyDataRate = null;
    kestrel.Limits.MinResponseDataRate = null;
});

if (builder.Configuration["relay"] is { } relay)
{
    builder.Services.AddSingleton<LinkRecord>();
    builder.Services.AddTunnelAgent(relay, agent =>
    {
        agent.Slug = builder.Configuration["slug"];
        agent.WebSocketOnly = builder.Configuration.GetValue<bool>("websocket");
        agent.ForwardTo = builder.Configuration["forward-to"] is { } target ? new Uri(target) : null;
    });
}

var app = builder.Build();
app.UseWebSockets();
app.MapGet("/hello", Endpoints.Hello);
app.MapGet("/bytes/{n:long:min(0)}", Endpoints.Bytes);
app.MapPost("/echo", Endpoints.Echo);
app.MapPost("/sink", Endpoints.Sink);
app.MapGet("/sse", Endpoints.Events);
app.Map("/ws", Endpoints.WebSocketEcho);
app.MapSoak();
if (app.Services.GetService<LinkRecord>() is { } links)
{
    app.MapGet("/soak/links", links.Read);
}

app.Run();
