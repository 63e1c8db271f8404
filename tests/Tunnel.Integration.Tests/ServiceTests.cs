using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>Several tunnels and named services of one agent, over its one session.</summary>
public sealed class ServiceTests
{
    [Fact]
    public async Task Agent_WithTunnelsAndServices_ServesEachFromItsOwnApp()
    {
        await using var printer = await TestDevice.StartAsync(new Uri("http://127.0.0.1:1"), setup => setup.Pipeline = app =>
            app.Run(context => context.Response.WriteAsync($"printer {context.Request.Path}{context.Request.QueryString} of {context.Request.Headers["X-Forwarded-Prefix"]}")));
        await using var hub = await TestHub.StartAsync(setup => setup.Pipeline = app =>
        {
            app.UseTunnelRelay();
            app.MapGet("/agents/{name}/{**rest}", (string name) => $"the hub's own page about {name}");
        });
        await using var device = await TestDevice.StartAsync(hub.Url, setup =>
        {
            setup.Agent = agent =>
            {
                agent.Services["printer"] = new AgentServiceOptions { ForwardTo = printer.Url };
                agent.Tunnels.Add(new AgentTunnelOptions { Slug = "second", ForwardTo = printer.Url });
            };
            setup.Pipeline = app => app.Run(context => context.Response.WriteAsync($"device {context.Request.PathBase} {context.Request.Path}"));
        });
        await device.Agent.WaitUntilConnectedAsync(TestContext.Current.CancellationToken).Soon();
        using var client = TestHub.CreateClient(hub.Url);

        Assert.Equal($"device /t/{TunnelPair.Slug} /a", await Get($"/t/{TunnelPair.Slug}/a"));
        Assert.Equal($"printer /a?b of /agents/{TunnelPair.Slug}/printer", await Get($"/agents/{TunnelPair.Slug}/printer/a?b"));
        Assert.Equal("printer /c of /t/second", await Get("/t/second/c"));
        Assert.Equal(["/t/" + TunnelPair.Slug + "/", "/t/second/"], device.Agent.PublicUrls.Select(url => url.AbsolutePath));

        Assert.Equal($"the hub's own page about {TunnelPair.Slug}", await Get($"/agents/{TunnelPair.Slug}/scanner/"));
        Assert.Equal("the hub's own page about nobody", await Get("/agents/nobody/printer/"));

        async Task<string> Get(string path) => await client.GetStringAsync(path, TestContext.Current.CancellationToken);
    }
}
