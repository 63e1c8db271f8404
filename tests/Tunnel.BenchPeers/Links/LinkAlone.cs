using System.Diagnostics;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Tunnel.Agent;
using Tunnel.Agent.Dialing;
using Tunnel.Wire;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.BenchPeers.Links;

/// <summary>
/// What a tunnel's link costs with no tunnel on it: dialled as an agent dials and taken as a relay takes it, in one process over loopback.
/// Down is from the client (where an agent is) to the server, as responses go, and so the direction that a WebSocket masks.
/// </summary>
internal static class LinkAlone
{
    private const long Gibibyte = 1L << 30;
    private const int Pings = 20_000;

    public sealed record Result(
        double DownMegabytesPerSecond,
        double UpMegabytesPerSecond,
        double DownCpuSecondsPerGibibyte,
        double UpCpuSecondsPerGibibyte,
        double PingPongMicroseconds);

    public static async Task<Result> MeasureAsync(bool webSocket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var app = await StartAsync();
        var options = new TunnelAgentOptions { Relay = new Uri(app.Urls.Single()), WebSocketOnly = webSocket };
        var wrapped = Options.Create(options);
        var dialer = new RelayDialer(wrapped, new LinkKinds(wrapped, TimeProvider.System), TimeProvider.System);
        await using var link = await dialer.DialAsync(limit.Token);
        if (link is WebSocketLink != webSocket)
        {
            throw new InvalidDataException($"The link is a {link.GetType().Name}.");
        }

        // A link takes no token while it runs; an abort ends whatever is pending.
        using var late = limit.Token.Register(static state => ((ILink)state!).Abort(), link);
        var client = new LinkTraffic(link);
        await client.SendAllAsync(Gibibyte / 4);
        await client.FetchAsync(Gibibyte / 4);
        await client.PingAsync(Pings);
        var down = await TimeAsync(() => client.SendAllAsync(Gibibyte));
        var up = await TimeAsync(() => client.FetchAsync(Gibibyte));
        var ping = await TimeAsync(() => client.PingAsync(Pings));
        await link.CloseAsync();
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

    private static async Task ServeAsync(HttpContext context)
    {
        await using var link = await AcceptAsync(context);
        if (context.Features.Get<IConnectionSocketFeature>() is { } connection)
        {
            RelayHandler.LimitUnsentBytes(connection.Socket); // as the relay does
        }

        await new LinkTraffic(link).ServeAsync();
    }

    private static async Task<IRegistrationLink> AcceptAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            return new WebSocketLink(await context.WebSockets.AcceptWebSocketAsync(WireDefaults.Subprotocol), TimeProvider.System);
        }

        context.Response.Headers.Upgrade = WireDefaults.Subprotocol;
        var connection = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        return new UpgradedLink(connection, context.Abort, TimeProvider.System);
    }

    private static async Task<(double Seconds, double Cpu)> TimeAsync(Func<Task> action)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        await action();
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }
}
