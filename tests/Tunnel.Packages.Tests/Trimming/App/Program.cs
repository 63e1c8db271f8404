// A hub or a device, as the first setting says. It says where it is reached, and that no code is made while it runs.
using System.Runtime.CompilerServices;
using Tunnel.Agent;

var builder = WebApplication.CreateSlimBuilder(args);
var isHub = builder.Configuration["role"] == "hub";
if (!isHub)
{
    builder.Services.AddTunnelAgent(o => o.Slug = "device");
    builder.WebHost.UseTunnelServer();
}

var app = builder.Build();
if (isHub)
{
    app.UseTunnelRelay();
}

app.MapGet("/", (HttpContext context) => $"{(isHub ? "hub" : "device")}, base {context.Request.PathBase}, compiles {RuntimeFeature.IsDynamicCodeSupported}");

await app.StartAsync();
Console.WriteLine($"URL: {(isHub ? app.Urls.First() : await app.Services.GetRequiredService<ITunnelAgent>().WaitUntilConnectedAsync())}");
await app.WaitForShutdownAsync();
