using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>An app's own tests keep their server when the app gets an agent.</summary>
public sealed class TestServerTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UseTestServer_BeforeAndAfterAddTunnelAgent_WorksAndSoDoesTheTunnel(bool before)
    {
        static void UseTestServer(WebApplicationBuilder builder) => builder.WebHost.UseTestServer();
        await using var pair = await TunnelPair.StartAsync(
            app => app.MapGet("/where", (HttpContext context) => $"{context.Request.PathBase}{context.Request.Path}"),
            device: device =>
            {
                device.BuildFirst = before ? UseTestServer : null;
                device.Build = before ? null : UseTestServer;
            });
        using var client = pair.Device.App.GetTestServer().CreateClient();

        Assert.Equal("/where", await client.GetStringAsync("/where", TunnelPair.Stop));
        Assert.Equal("/t/demo/where", await pair.Visitor.GetStringAsync("where", TunnelPair.Stop).Soon());
    }
}
