using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Telemetry;

/// <summary>What health checks say of hub and agent, through their lives.</summary>
public sealed class HealthTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Hub_IsHealthyUntilTheAppStops(bool addsRelay)
    {
        await using var hub = await TestHub.StartAsync(setup =>
        {
            setup.Build = builder =>
            {
                builder.Services.AddHealthChecks().AddTunnelRelay();
                if (addsRelay)
                {
                    builder.Services.AddTunnelRelay();
                }
            };
            setup.Pipeline = app =>
            {
                app.UseTunnelRelay();
                app.MapHealthChecks("/health", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
            };
        });
        using var client = TestHub.CreateClient(hub.Url);
        Assert.Equal("Healthy", await client.GetStringAsync("/health", Stop));
        Assert.Equal("0", (await CheckAsync(hub.App, "tunnel.relay")).Data["sessions"].ToString());

        hub.App.Lifetime.StopApplication();

        var stopping = await CheckAsync(hub.App, "tunnel.relay");
        Assert.Equal((HealthStatus.Unhealthy, "The relay is shutting down."), (stopping.Status, stopping.Description));
    }

    [Fact]
    public async Task HubWithoutMemory_IsDegradedUntilItHasSomeAgain()
    {
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default)),
            hub =>
            {
                hub.Settings["Tunnel:Relay:MemoryLimit"] = "1048576";
                hub.Build = builder => builder.Services.AddHealthChecks().AddTunnelRelay();
            });
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(pair.Hub.App, "tunnel.relay")).Status);
        using var leave = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 70).Select(_ => pair.Visitor.GetAsync("", leave.Token)).ToArray();
        await Task.WhenAny(waiting).Soon("one of the requests has no room");

        var full = await CheckAsync(pair.Hub.App, "tunnel.relay");

        Assert.Equal(HealthStatus.Degraded, full.Status);
        Assert.Contains("Tunnel:Relay:MemoryLimit", full.Description, StringComparison.Ordinal);
        await leave.CancelAsync();
        await Task.WhenAny(Task.WhenAll(waiting)).Soon();
    }

    [Fact]
    public async Task CheckWithoutWhatItChecks_SaysWhatIsMissing()
    {
        await using var hub = await TestHub.StartAsync(setup =>
        {
            setup.Build = builder => builder.Services.AddHealthChecks().AddTunnelRelay().AddTunnelAgent();
            setup.Pipeline = _ => { };
        });

        var relay = await CheckAsync(hub.App, "tunnel.relay");
        var agent = await CheckAsync(hub.App, "tunnel.agent");

        Assert.Equal((HealthStatus.Unhealthy, HealthStatus.Unhealthy), (relay.Status, agent.Status));
        Assert.Contains("app.UseTunnelRelay()", relay.Description, StringComparison.Ordinal);
        Assert.Contains("services.AddTunnelAgent()", agent.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_IsHealthyWhileConnectedAndDegradedWhileItComesBack()
    {
        await using var pair = await TunnelPair.StartAsync(
            _ => { }, device: device => device.Build = builder => builder.Services.AddHealthChecks().AddTunnelAgent());
        var connected = await CheckAsync(pair.Device.App, "tunnel.agent");
        Assert.Equal((HealthStatus.Healthy, pair.PublicUrl.ToString()), (connected.Status, connected.Data["url"]));

        await pair.Hub.StopAsync();
        await pair.Agent.UntilAsync(agent => agent.LastFailure?.Reason == TunnelFailureReason.Unreachable);
        var away = await CheckAsync(pair.Device.App, "tunnel.agent");
        Assert.Equal((HealthStatus.Degraded, pair.Agent.LastFailure?.Message), (away.Status, away.Description));

        await pair.Hub.StartAsync();
        await pair.Agent.WaitUntilConnectedAsync(Stop).Soon();
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(pair.Device.App, "tunnel.agent")).Status);

        await pair.Device.App.StopAsync(Stop);
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(pair.Device.App, "tunnel.agent")).Status);
    }

    [Fact]
    public async Task AgentThatIsRefusedForGood_IsUnhealthyWithTheRemedy()
    {
        await using var hub = await TestHub.StartAsync(setup => setup.Settings.Remove("Tunnel:Relay:DevelopmentEnrolment"));
        await using var device = await TestDevice.StartAsync(
            hub.Url, setup => setup.Build = builder => builder.Services.AddHealthChecks().AddTunnelAgent());
        await device.Agent.UntilAsync(agent => agent.LastFailure is not null);

        var refused = await CheckAsync(device.App, "tunnel.agent");

        Assert.Equal((HealthStatus.Unhealthy, "KeyRefused"), (refused.Status, refused.Data["failure"]));
        Assert.Contains("Tunnel:Relay:AuthorizedKeys", refused.Description, StringComparison.Ordinal);
    }

    private static async Task<HealthReportEntry> CheckAsync(WebApplication app, string name) =>
        (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop)).Entries[name];
}
