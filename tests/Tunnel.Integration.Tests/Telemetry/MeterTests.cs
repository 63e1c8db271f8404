using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Telemetry;

/// <summary>What the meters of hub and agent count, to the byte.</summary>
public sealed class MeterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answer_IsCountedOnceAtEachSide()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            await context.Response.WriteAsync("1234567");
        }));
        using var hub = new MeterRecorder(pair.Hub.App.Services);
        using var device = new MeterRecorder(pair.Device.App.Services);

        using var content = new ByteArrayContent("12345"u8.ToArray());
        using var response = await pair.Visitor.PostAsync("items?secret=1", content, Stop);

        Assert.Equal(["http.request.method=POST http.response.status_code=200"], await hub.TakeAsync("tunnel.relay.exchange.duration"));
        Assert.Equal(["network.io.direction=receive 7", "network.io.direction=transmit 5"], await hub.TakeAsync("tunnel.relay.exchange.io", 2));
        Assert.Equal(["http.request.method=POST http.response.status_code=200"], await device.TakeAsync("tunnel.agent.exchange.duration"));
        Assert.Equal(["network.io.direction=receive 5", "network.io.direction=transmit 7"], await device.TakeAsync("tunnel.agent.exchange.io", 2));
        Assert.Equal(["1"], await hub.LookAsync("tunnel.relay.tunnels"));
        Assert.Equal(["0"], await hub.LookAsync("tunnel.relay.exchanges"));
        Assert.Contains("state=connected 1", await device.LookAsync("tunnel.agent.state"));
        AssertListed(hub, device);
    }

    [Fact]
    public async Task Failures_AreCountedByTheirCodes()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            if (context.Request.Path == "/late")
            {
                context.Response.ContentLength = 10;
                await context.Response.WriteAsync("12345");
                await context.Response.Body.FlushAsync();
            }

            context.Abort();
        }));
        using var hub = new MeterRecorder(pair.Hub.App.Services);
        using var device = new MeterRecorder(pair.Device.App.Services);

        using var request = new HttpRequestMessage(new HttpMethod("BREW"), string.Empty);
        using var failed = await pair.Visitor.SendAsync(request, Stop);
        Assert.Equal(["error.type=agent_failed 1"], await hub.TakeAsync("tunnel.relay.requests.failed"));
        Assert.Equal(
            ["http.request.method=_OTHER http.response.status_code=502 error.type=agent_failed"], await hub.TakeAsync("tunnel.relay.exchange.duration"));
        Assert.Equal(["http.request.method=_OTHER error.type=aborted"], await device.TakeAsync("tunnel.agent.exchange.duration"));

        await Assert.ThrowsAnyAsync<Exception>(() => pair.Visitor.GetStringAsync("late", Stop));
        Assert.Equal(["error.type=agent_failed 1"], await hub.TakeAsync("tunnel.relay.requests.failed"));
        Assert.Equal(
            ["http.request.method=GET http.response.status_code=200 error.type=agent_failed"], await hub.TakeAsync("tunnel.relay.exchange.duration"));

        using var nobody = await pair.HubClient.GetAsync("/t/nobody/", Stop);
        Assert.Equal(["error.type=no_such_tunnel 1"], await hub.TakeAsync("tunnel.relay.requests.failed"));
        AssertListed(hub, device);
    }

    [Fact]
    public async Task WebSocket_IsOpenUntilItsEndAndCountedThen()
    {
        await using var pair = await TunnelPair.StartAsync(app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                await socket.ReceiveAsync(new byte[16], Stop);
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Stop);
            });
        });
        using var hub = new MeterRecorder(pair.Hub.App.Services);
        using var device = new MeterRecorder(pair.Device.App.Services);
        using var visitor = new ClientWebSocket();

        await visitor.ConnectAsync(new UriBuilder(pair.PublicUrl) { Scheme = "ws" }.Uri, Stop);
        Assert.Equal(["1"], await hub.LookAsync("tunnel.relay.exchanges"));
        Assert.Equal(["1"], await device.LookAsync("tunnel.agent.exchanges"));
        await visitor.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Stop);

        // One frame each way with nothing but the status: 2 bytes of head, 2 of content, and 4 of the visitor's mask.
        Assert.Equal(["http.request.method=GET http.response.status_code=101"], await hub.TakeAsync("tunnel.relay.exchange.duration"));
        Assert.Equal(["network.io.direction=receive 4", "network.io.direction=transmit 8"], await hub.TakeAsync("tunnel.relay.exchange.io", 2));
        Assert.Equal(["http.request.method=GET http.response.status_code=101"], await device.TakeAsync("tunnel.agent.exchange.duration"));
        Assert.Equal(["network.io.direction=receive 8", "network.io.direction=transmit 4"], await device.TakeAsync("tunnel.agent.exchange.io", 2));
        Assert.Equal(["0"], await hub.LookAsync("tunnel.relay.exchanges"));
        AssertListed(hub, device);
    }

    [Fact]
    public async Task Registrations_AreCountedWithWhyTheyWereRefused()
    {
        await using var hub = await TestHub.StartAsync(setup => setup.Settings["Tunnel:Relay:AllowSharedOrigin"] = "true");
        using var measured = new MeterRecorder(hub.App.Services);

        await using var first = await TestDevice.StartAsync(hub.Url);
        await first.Agent.WaitUntilConnectedAsync(Stop).Soon();
        Assert.Equal(["1"], await measured.TakeAsync("tunnel.relay.registrations"));

        await using var second = await TestDevice.StartAsync(hub.Url);
        Assert.Equal(["error.type=slug_taken 1"], await measured.TakeAsync("tunnel.relay.registrations"));
        await second.Agent.UntilAsync(agent => agent.LastFailure is not null);
        AssertListed(measured);
    }

    [Fact]
    public async Task FailedDials_AreCountedByTheirReason()
    {
        await using var hub = await TestHub.StartAsync(setup => setup.Pipeline = app => app.MapGet("/", () => "a web site"));
        MeterRecorder? measured = null;
        await using var device = await TestDevice.StartAsync(hub.Url, setup => setup.Pipeline = app => measured = new MeterRecorder(app.Services));
        using var listening = measured!;

        Assert.Equal("error.type=not_a_relay 1", (await listening.TakeAsync("tunnel.agent.connect.failures"))[0]);
        AssertListed(listening);
    }

    private static void AssertListed(params MeterRecorder[] recorders)
    {
        foreach (var instrument in recorders.SelectMany(recorder => recorder.Keys).GroupBy(seen => seen.Instrument, seen => seen.Tag))
        {
            TelemetryTable.AssertInstrument(instrument.Key, instrument);
        }
    }
}
