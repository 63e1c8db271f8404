using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>Restarts and stops of either side.</summary>
public sealed class LifecycleTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HubRestarts_AgentWithAnAuthorizedKeyComesBackUnderItsRandomSlug()
    {
        using var folder = new TempFolder();
        var key = await KeyAsync(folder);
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(context => context.Response.WriteAsync("here")),
            hub =>
            {
                hub.Settings.Remove("Tunnel:Relay:DevelopmentEnrolment");
                hub.Settings["Tunnel:Relay:AuthorizedKeys:0"] = key;
            },
            device =>
            {
                device.Slug = null;
                device.Agent = agent => agent.CredentialsFile = folder.File("tunnel.json");
            });

        await pair.Hub.StopAsync();
        await pair.Agent.UntilAsync(agent => agent.State == TunnelAgentState.Reconnecting);
        Assert.NotNull(pair.Agent.LastFailure);
        Assert.Equal(pair.PublicUrl, pair.Agent.PublicUrl);

        await pair.Hub.StartAsync();
        Assert.Equal(pair.PublicUrl, await pair.Agent.WaitUntilConnectedAsync(Stop).Soon());
        Assert.Equal("here", await pair.Visitor.GetStringAsync(string.Empty, Stop).Soon());
        Assert.Null(pair.Agent.LastFailure);
    }

    [Fact]
    public async Task HubRestarts_ClaimOfAnAuthorizedKeyIsAwayAndNotUnknown()
    {
        using var folder = new TempFolder();
        var key = await KeyAsync(folder);
        await using var pair = await TunnelPair.StartAsync(
            _ => { },
            hub =>
            {
                hub.Settings["Tunnel:Relay:AuthorizedKeys:0"] = key;
                hub.Settings["Tunnel:Relay:ResumeGrace"] = "00:00:00.2"; // a hub that has just started lets visitors wait for so long
            },
            device => device.Agent = agent => agent.CredentialsFile = folder.File("tunnel.json"));

        await pair.Device.App.StopAsync(Stop);
        await pair.Hub.StopAsync();
        await pair.Hub.StartAsync();

        using var response = await pair.Visitor.GetAsync(string.Empty, Stop).Soon();
        Assert.Equal(System.Net.HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HostStops_OpenRequestFinishes(bool hubStops)
    {
        var entered = new Gate();
        var release = new Gate();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            await context.Response.WriteAsync("first");
            entered.Open();
            await release.Opened.Soon();
            await context.Response.WriteAsync("|last");
        }));
        using var response = await pair.Visitor.GetAsync(string.Empty, HttpCompletionOption.ResponseHeadersRead, Stop).Soon();
        await entered.Opened.Soon();

        var stopping = new Gate();
        using var registration = (hubStops ? pair.Hub.App : pair.Device.App).Lifetime.ApplicationStopping.Register(stopping.Open);
        var stop = hubStops ? pair.Hub.StopAsync() : pair.Device.App.StopAsync(Stop);
        await stopping.Opened.Soon();
        if (!hubStops)
        {
            await pair.Agent.UntilAsync(agent => agent.State == TunnelAgentState.Draining);
        }

        Assert.False(stop.IsCompleted);
        release.Open();

        Assert.Equal("first|last", await response.Content.ReadAsStringAsync(Stop).Soon());
        await stop.Soon();
    }

    [Fact]
    public async Task DeviceRestartsWithItsKey_TakesItsSlugBackAtOnce()
    {
        using var folder = new TempFolder();
        void WithKey(DeviceSetup device) => device.Agent = agent => agent.CredentialsFile = folder.File("tunnel.json");
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context => context.Response.WriteAsync("old")), device: WithKey);

        // The old one still runs: the same key counts as the same device.
        await using var again = await TestDevice.StartAsync(pair.Hub.Url, device =>
        {
            WithKey(device);
            device.Pipeline = app => app.Run(context => context.Response.WriteAsync("new"));
        });
        await again.Agent.WaitUntilConnectedAsync(Stop).Soon();

        Assert.Equal(pair.PublicUrl, again.Agent.PublicUrl);
    }

    [Fact]
    public async Task WaitUntilConnected_EndsWhenTheAppStops()
    {
        await using var hub = await TestHub.StartAsync(setup => setup.Settings.Remove("Tunnel:Relay:DevelopmentEnrolment"));
        await using var device = await TestDevice.StartAsync(hub.Url);
        var waiting = device.Agent.WaitUntilConnectedAsync(Stop);

        await device.App.StopAsync(Stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
    }

    /// <summary>What a strict hub tells the operator to authorise, for the key in a folder.</summary>
    /// <summary>The public key of the agent with the credentials <c>tunnel.json</c> in a folder.</summary>
    internal static async Task<string> KeyAsync(TempFolder folder)
    {
        await using var strict = await TestHub.StartAsync(setup => setup.Settings.Remove("Tunnel:Relay:DevelopmentEnrolment"));
        await using var device = await TestDevice.StartAsync(
            strict.Url, setup => setup.Agent = agent => agent.CredentialsFile = folder.File("tunnel.json"));
        await device.Agent.UntilAsync(agent => agent.LastFailure is not null);
        return Regex.Match(device.Agent.LastFailure!.Message, "(ed25519|es256):[A-Za-z0-9_-]+").Value;
    }
}
