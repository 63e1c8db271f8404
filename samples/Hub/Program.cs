// A hub: any ASP.NET Core app and one line. Its own routes go on working beside the tunnels.
// Agents on this machine may connect without registration, because appsettings.Development.json says so.
var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();

app.UseTunnelRelay();

app.MapGet("/", () => "I am the hub. Tunnels are under /t/{slug}/.\n");

app.Run();
