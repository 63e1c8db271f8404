using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>What visitors and agents are told when something is wrong.</summary>
public sealed class ErrorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DeviceHasStopped_Is502WithRetryAfter()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context => context.Response.WriteAsync("here")));
        Assert.Equal("here", await pair.Visitor.GetStringAsync(string.Empty, Stop));

        await pair.Device.App.StopAsync(Stop);

        using var response = await pair.Visitor.GetAsync(string.Empty, Stop).Soon();
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter?.Delta);
        Assert.Equal(TunnelAgentState.Stopped, pair.Agent.State);
    }

    [Fact]
    public async Task SlugOfAnotherKey_IsTaken()
    {
        await using var pair = await TunnelPair.StartAsync(_ => { }, hub => hub.Settings["Tunnel:Relay:AllowSharedOrigin"] = "true");

        var failure = await FailureAsync(pair.Hub, "DEMO");

        Assert.Equal(TunnelFailureReason.SlugTaken, failure.Reason);
        Assert.Contains("demo", failure.Message, StringComparison.Ordinal);
        Assert.Equal(TunnelAgentState.Connected, pair.Agent.State);
    }

    [Theory]
    [InlineData("-a-")]
    [InlineData("ab")]
    [InlineData("login")]
    [InlineData("xn--demo")]
    public async Task SlugThatNobodyMayHave_IsRefused(string slug)
    {
        await using var hub = await TestHub.StartAsync();

        Assert.Equal(TunnelFailureReason.SlugRefused, (await FailureAsync(hub, slug)).Reason);
    }

    [Fact]
    public async Task NoSlug_GivesARandomOne()
    {
        await using var pair = await TunnelPair.StartAsync(_ => { }, device: device => device.Slug = null);

        Assert.Matches("^/t/[a-z0-9]{8}/$", pair.PublicUrl.AbsolutePath);
    }

    [Fact]
    public async Task SecondServerIdInPathMode_IsRefusedUnlessTheOriginMayBeShared()
    {
        await using var pair = await TunnelPair.StartAsync(_ => { });
        var failure = await FailureAsync(pair.Hub, "second");
        Assert.Equal(TunnelFailureReason.SlugRefused, failure.Reason);
        Assert.Contains("Tunnel:Relay:AllowSharedOrigin", failure.Message, StringComparison.Ordinal);

        await using var sharing = await TunnelPair.StartAsync(_ => { }, hub => hub.Settings["Tunnel:Relay:AllowSharedOrigin"] = "true");
        await using var second = await TestDevice.StartAsync(sharing.Hub.Url, device => device.Slug = "second");
        await second.Agent.WaitUntilConnectedAsync(Stop).Soon();
    }

    [Fact]
    public async Task SecondServerIdWithADomain_IsReachedOnItsSubdomainOnly()
    {
        await using var pair = await TunnelPair.StartAsync(_ => { }, hub => hub.Settings["Tunnel:Relay:Domain"] = TunnelPair.Domain);
        await using var second = await TestDevice.StartAsync(pair.Hub.Url, device =>
        {
            device.Slug = "second";
            device.Pipeline = app => app.Run(context => context.Response.WriteAsync("second"));
        });
        await second.Agent.WaitUntilConnectedAsync(Stop).Soon();

        var subdomain = await RawConnection.RequestAsync(pair.Hub.Url, "GET / HTTP/1.1\r\nHost: second.tunnel.test\r\n\r\n");
        var path = await RawConnection.RequestAsync(pair.Hub.Url, "GET /t/second/ HTTP/1.1\r\nHost: any.test\r\n\r\n");

        Assert.Equal((200, "second"), (subdomain.Status, subdomain.Text));
        Assert.NotEqual(200, path.Status);
    }

    [Fact]
    public async Task UnknownKeyWithoutDevelopmentEnrolment_IsRefusedWithTheKeyToAuthorise()
    {
        await using var hub = await TestHub.StartAsync(setup => setup.Settings.Remove("Tunnel:Relay:DevelopmentEnrolment"));

        var failure = await FailureAsync(hub, "demo");

        // That the key in it is the right one, the restart test shows.
        Assert.Equal(TunnelFailureReason.KeyRefused, failure.Reason);
        Assert.Matches("Tunnel:Relay:AuthorizedKeys, .* --authorized-key: (ed25519|es256):[A-Za-z0-9_-]{20,}", failure.Message);
    }

    [Theory]
    [InlineData("Origin: http://evil.test\r\n", 403)]
    [InlineData("Origin: null\r\n", 403)]
    [InlineData("Origin: http://127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: tunnel.v1\r\n", 403)]
    [InlineData("", 426)]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 426)]
    public async Task ConnectEndpoint_RefusesWhoIsNoAgent(string headers, int status)
    {
        await using var hub = await TestHub.StartAsync();

        var response = await RawConnection.RequestAsync(hub.Url, $"GET /.tunnel/connect HTTP/1.1\r\nHost: {hub.Url.Authority}\r\n{headers}\r\n");

        Assert.Equal(status, response.Status);
    }

    [Fact]
    public async Task RelaysWrongSettings_AreAllListedByUseTunnelRelay()
    {
        var thrown = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHub.StartAsync(setup =>
        {
            setup.Settings["Tunnel:Relay:PublicUrl"] = "http://relay.test/below";
            setup.Settings["Tunnel:Relay:PathTemplate"] = "t/{name}";
            setup.Settings["Tunnel:Relay:Domain"] = "http://relay.test";
            setup.Settings["Tunnel:Relay:AuthorizedKeys:0"] = "no key";
            setup.Settings["Tunnel:Relay:ResponseTimeout"] = "-00:00:05";
            setup.Settings["Tunnel:Relay:ErrorPages"] = "nowhere";
        }));

        Assert.Equal(["AuthorizedKeys", "Domain", "ErrorPages", "PathTemplate", "PublicUrl", "ResponseTimeout"], Settings("Tunnel:Relay:", thrown));
    }

    [Fact]
    public async Task AgentsWrongSettings_AreAllListedByTheHostsStart()
    {
        var thrown = await Assert.ThrowsAsync<OptionsValidationException>(() => TestDevice.StartAsync(
            new Uri("ftp://relay.test"),
            device => device.Agent = agent =>
            {
                agent.MaxRequestBodySize = -1;
                agent.DrainTimeout = TimeSpan.FromSeconds(-1);
                agent.ForwardTo = new Uri("localhost", UriKind.Relative);
            }));

        Assert.Equal(["DrainTimeout", "ForwardTo", "MaxRequestBodySize", "Relay"], Settings("Tunnel:Agent:", thrown));
    }

    [Fact]
    public async Task NothingListens_IsUnreachableAndTheAppRunsOn()
    {
        await using var hub = await TestHub.StartAsync();
        var url = hub.Url;
        await hub.StopAsync();

        await using var device = await TestDevice.StartAsync(
            url, setup => setup.Pipeline = app => app.Run(context => context.Response.WriteAsync("local")));
        await device.Agent.UntilAsync(agent => agent.LastFailure is not null);

        Assert.Equal(TunnelFailureReason.Unreachable, device.Agent.LastFailure?.Reason);
        using var client = TestHub.CreateClient(device.Url);
        Assert.Equal("local", await client.GetStringAsync("/", Stop));
    }

    [Fact]
    public async Task SomethingElseListens_IsNotARelay()
    {
        await using var hub = await TestHub.StartAsync(setup => setup.Pipeline = app => app.MapGet("/", () => "a web site"));

        Assert.Equal(TunnelFailureReason.NotARelay, (await FailureAsync(hub, "demo")).Reason);
    }

    private static IEnumerable<string> Settings(string section, OptionsValidationException thrown) => thrown.Failures
        .SelectMany(failure => failure.Split([';'], StringSplitOptions.TrimEntries))
        .Where(failure => failure.StartsWith(section, StringComparison.Ordinal))
        .Select(failure => failure[section.Length..].Split(' ')[0])
        .Order(StringComparer.Ordinal);

    private static async Task<TunnelFailure> FailureAsync(TestHub hub, string slug)
    {
        await using var device = await TestDevice.StartAsync(hub.Url, setup => setup.Slug = slug);
        await device.Agent.UntilAsync(agent => agent.LastFailure is not null);
        return device.Agent.LastFailure!;
    }
}
