// Shares a local port: whatever listens there, in any language, gets a public URL. Run it with the server's address:
// dotnet run --project samples/SharedPort -- http://127.0.0.1:3000
using Tunnel.Agent;

if (args is not [var target])
{
    Console.Error.WriteLine("Name the local server to share, for example http://127.0.0.1:3000.");
    return 2;
}

var builder = Host.CreateApplicationBuilder();

builder.Services.AddTunnelAgent("http://127.0.0.1:6100", o =>
{
    o.Slug = "shared";
    o.ForwardTo = new Uri(target);
});

var host = builder.Build();
var agent = host.Services.GetRequiredService<ITunnelAgent>();
agent.Changed += _ => Console.WriteLine($"{agent.State} {agent.PublicUrl} {agent.LastFailure?.Message}".TrimEnd());
agent.RequestCompleted += request => Console.WriteLine($"{request.Method} {request.Path} {request.StatusCode}");
host.Run();
return 0;
