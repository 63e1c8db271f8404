// One app that is both: a hub for others, and itself reachable under a public URL of that hub.
var builder = WebApplication.CreateBuilder(args);

builder.Services.AddTunnelAgent("http://127.0.0.1:6100", o => o.Slug = "self");

var app = builder.Build();

app.UseTunnelRelay();

app.MapGet("/", (HttpContext context) => $"Hello from {context.Request.Host}{context.Request.PathBase}/\n");

app.Run();
