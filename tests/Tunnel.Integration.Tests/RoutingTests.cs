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
    public async Task SubdomainMode_AppSeesNoPathBaseAndTheVisitorsHost()
    {
        await using var pair = await TunnelPair.StartAsync(Describe, WithDomain);

        using var request = pair.OnSubdomain(HttpMethod.Get, "/a/b?q=1");
        using var response = await pair.HubClient.SendAsync(request, Stop);

        Assert.Equal("|/a/b|?q=1|/a/b?q=1|demo.tunnel.test|http|127.0.0.1", await response.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task SubdomainMode_HostWithPortUpperCaseAndPathThatLooksLikeATunnel_ReachesTheApp()
    {
        await using var pair = await TunnelPair.StartAsync(Describe, WithDomain);

        var response = await RawConnection.RequestAsync(
            pair.Hub.Url, "GET /t/other/x HTTP/1.1\r\nHost: DEMO.Tunnel.test:8080\r\n\r\n");

        Assert.Equal("|/t/other/x||/t/other/x|DEMO.Tunnel.test:8080|http|127.0.0.1", response.Text);
    }

    [Fact]
    public async Task UseTunnelServer_AppIsReachedAndOpensNoPort()
    {
        await using var pair = await TunnelPair.StartAsync(
            Describe, device: device => device.Build = builder => builder.WebHost.UseTunnelServer());

        Assert.StartsWith("/t/demo|/x|", await pair.Visitor.GetStringAsync("x", Stop), StringComparison.Ordinal);
        Assert.Empty(pair.Device.App.Urls);
    }

    [Fact]
    public async Task AbsoluteFormTarget_IsReducedToOriginForm()
    {
        await using var pair = await TunnelPair.StartAsync(Describe);

        var response = await RawConnection.RequestAsync(
            pair.Hub.Url, "GET http://any.test/t/demo/x?y=%2F HTTP/1.1\r\nHost: any.test\r\n\r\n");

        Assert.Equal("/t/demo|/x|?y=%2F|/t/demo/x?y=%2F|any.test|http|127.0.0.1", response.Text);
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

    [Theory]
    [InlineData("/t/demo/../other/x")]
    [InlineData("/t/demo/..")]
    [InlineData("/t/demo/%2e%2e/other/x")]
    [InlineData("/t/demo/%2E./other/x")]
    [InlineData("/t/demo/.%2e/other/x")]
    [InlineData("/t/demo/a/../../other/x")]
    [InlineData("/t/demo/a/./%2e/../%2e%2E/other")]
    [InlineData("/t/demo//../other/x")]
    public async Task ClimbingAboveThePrefix_Is400(string target)
    {
        await using var pair = await TunnelPair.StartAsync(Describe);

        Assert.Equal((int)HttpStatusCode.BadRequest, (await RawConnection.RequestAsync(pair.Hub.Url, Get(target))).Status);
    }

    [Fact]
    public async Task RawTargets_AreSeenAsOnKestrelWithUsePathBase()
    {
        await using var pair = await TunnelPair.StartAsync(app =>
        {
            app.UseWhen(context => !context.Request.PathBase.HasValue, direct => direct.UsePathBase(TunnelPair.Prefix));
            Describe(app);
        });

        var differences = new List<string>();
        foreach (var target in RawTargets.All.Select(rest => TunnelPair.Prefix + rest))
        {
            var direct = await RawConnection.RequestAsync(pair.Device.Url, Get(target));
            var tunnelled = await RawConnection.RequestAsync(pair.Hub.Url, Get(target));
            if ((direct.Status, direct.Text) != (tunnelled.Status, tunnelled.Text))
            {
                differences.Add($"{target}\n  direct    {direct.Status} {direct.Text}\n  tunnelled {tunnelled.Status} {tunnelled.Text}");
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static void WithDomain(HubSetup hub) => hub.Settings["Tunnel:Relay:Domain"] = TunnelPair.Domain;

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
