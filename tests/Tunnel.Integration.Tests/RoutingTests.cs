using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>Where a visitor's request ends up, and what the device's app sees of it.</summary>
public sealed class RoutingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PathMode_AppSeesThePrefixAsPathBase()
    {
        await using var pair = await TunnelPair.StartAsync(Describe);

        Assert.Equal(new Uri(pair.Hub.Url, "/t/demo/"), pair.PublicUrl);
        Assert.Equal(
            $"/t/demo|/a/b c|?q=1&r=%20|/t/demo/a/b%20c?q=1&r=%20|{pair.Hub.Url.Authority}|http|127.0.0.1",
            await pair.Visitor.GetStringAsync("a/b%20c?q=1&r=%20", Stop));
    }

    [Fact]
    public async Task BoundHost_LeadsToItsTunnel_OtherHostsDoNot()
    {
        await using var pair = await TunnelPair.StartAsync(Describe, hub => hub.Settings["Tunnel:Relay:Hosts:www.own.test"] = "demo");

        var bound = await RawConnection.RequestAsync(pair.Hub.Url, "GET /t/other/x?y HTTP/1.1\r\nHost: WWW.own.test:8080\r\n\r\n");
        Assert.Equal("|/t/other/x|?y|/t/other/x?y|WWW.own.test:8080|http|127.0.0.1", bound.Text);
        foreach (var host in new[] { "own.test", "demo.own.test", "a.www.own.test", "www.own.test.evil.test" })
        {
            Assert.Equal(404, (await RawConnection.RequestAsync(pair.Hub.Url, $"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n")).Status);
        }
    }

    [Fact]
    public async Task UseTunnelServer_AppIsReachedAndOpensNoPort()
    {
        await using var pair = await TunnelPair.StartAsync(
            Describe, device: device => device.Build = builder => builder.WebHost.UseTunnelServer());

        Assert.StartsWith("/t/demo|/x|", await pair.Visitor.GetStringAsync("x", Stop), StringComparison.Ordinal);
        Assert.Empty(pair.Device.App.Urls);
    }

    [Theory]
    [InlineData("/t/demo", "/t/demo/")]
    [InlineData("/t/demo?a=1&b=%2F", "/t/demo/?a=1&b=%2F")]
    [InlineData("/t/demo?", "/t/demo/?")]
    public async Task PathWithoutSlash_IsRedirectedWithItsQuery(string target, string location)
    {
        await using var pair = await TunnelPair.StartAsync(Describe);

        var response = await RawConnection.RequestAsync(pair.Hub.Url, Get(target));

        Assert.Equal((int)HttpStatusCode.PermanentRedirect, response.Status);
        Assert.Equal(location, response.Header("Location"));
    }

    private static string Get(string target) => $"GET {target} HTTP/1.1\r\nHost: any.test\r\n\r\n";

    private static void Describe(WebApplication app) => app.Run(context => context.Response.WriteAsync(string.Join('|',
        context.Request.PathBase.Value,
        context.Request.Path.Value,
        context.Request.QueryString.Value,
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
        context.Request.Host.Value,
        context.Request.Scheme,
        context.Connection.RemoteIpAddress)));
}
