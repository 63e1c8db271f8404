using Tunnel.BenchApp;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Limits.MaxRequestBodySize = null;
    kestrel.Limits.MinRequestBodyDataRate = null;
    kestrel.Limits.MinResponseDataRate = null;
});

if (builder.Configuration["relay"] is { } relay)
{
    builder.Services.AddTunnelAgent(relay, agent => agent.Slug = builder.Configuration["slug"]);
}

var app = builder.Build();
app.UseWebSockets();
app.MapGet("/hello", Endpoints.Hello);
app.MapGet("/bytes/{n:long:min(0)}", Endpoints.Bytes);
app.MapPost("/echo", Endpoints.Echo);
app.MapPost("/sink", Endpoints.Sink);
app.MapGet("/sse", Endpoints.Events);
app.Map("/ws", Endpoints.WebSocketEcho);
app.Run();
