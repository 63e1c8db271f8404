using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>The relay beside the hub's own routes and policies: neither meets the other.</summary>
public sealed class HubPipelineTests
{
    private const string CorsOrigin = "http://app.test";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UseTunnelRelay_WithAndWithoutAddTunnelRelay_ServesVisitorsBesideTheHubsRoutes(bool addServices)
    {
        await using var pair = await TunnelPair.StartAsync(Device, hub =>
        {
            hub.Settings["Tunnel:Relay:Domain"] = TunnelPair.Domain;
            hub.Build = builder =>
            {
                if (addServices)
                {
                    builder.Services.AddTunnelRelay();
                }
            };
            hub.Pipeline = app =>
            {
                app.UseTunnelRelay();
                app.MapGet("/", () => "hub");
                app.MapGet("/t", () => "hub's t");
                app.MapPost("/api/{id:int}", (int id) => $"hub's {id}");
            };
        });

        await AssertVisitorsReachTheDeviceAsync(pair);
        Assert.Equal("hub", await pair.HubClient.GetStringAsync("/", Stop));
        Assert.Equal("hub's t", await pair.HubClient.GetStringAsync("/t", Stop));
        using var posted = await pair.HubClient.PostAsync("/api/7", null, Stop);
        Assert.Equal("hub's 7", await posted.Content.ReadAsStringAsync(Stop));
        using var missing = await pair.HubClient.GetAsync("/missing", Stop);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal(0, missing.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task HubWithFallbackPolicy_IsProtectedAndVisitorsAreNot(bool addServices, bool explicitly)
    {
        await using var pair = await TunnelPair.StartAsync(Device, hub =>
        {
            hub.Settings["Tunnel:Relay:Domain"] = TunnelPair.Domain;
            hub.Build = builder =>
            {
                AddAuthentication(builder.Services);
                builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
                if (addServices)
                {
                    builder.Services.AddTunnelRelay();
                }
            };
            hub.Pipeline = app =>
            {
                app.UseTunnelRelay();
                if (explicitly)
                {
                    app.UseAuthentication();
                    app.UseAuthorization();
                }

                app.MapGet("/", (HttpContext context) => $"hub of {context.User.Identity?.Name}");
            };
        });

        // That the pair is connected shows that the fallback policy does not keep agents out.
        await AssertVisitorsReachTheDeviceAsync(pair);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(pair, "/", null)).Status);
        Assert.Equal((HttpStatusCode.OK, "hub of ann"), await GetAsync(pair, "/", "ann"));
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await GetAsync(pair, "/.tunnel/connect", null)).Status);
    }

    [Fact]
    public async Task HubWithCorsAfterTheRelay_AnswersPreflightsOfProtectedEndpoints()
    {
        await using var pair = await TunnelPair.StartAsync(Device, hub =>
        {
            hub.Settings["Tunnel:Relay:Domain"] = TunnelPair.Domain;
            hub.Build = builder =>
            {
                AddAuthentication(builder.Services);
                builder.Services.AddAuthorization();
                builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins(CorsOrigin).AllowAnyHeader().AllowAnyMethod()));
            };
            hub.Pipeline = app =>
            {
                app.UseTunnelRelay();
                app.UseCors();
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapGet("/api", () => "protected").RequireAuthorization();
            };
        });
        using var preflight = new HttpRequestMessage(HttpMethod.Options, new Uri(pair.Hub.Url, "/api"));
        preflight.Headers.Add("Origin", CorsOrigin);
        preflight.Headers.Add("Access-Control-Request-Method", "GET");

        using var response = await pair.HubClient.SendAsync(preflight, Stop);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([CorsOrigin], response.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(pair, "/api", null)).Status);
        Assert.Equal((HttpStatusCode.OK, "protected"), await GetAsync(pair, "/api", "ann"));
        await AssertVisitorsReachTheDeviceAsync(pair);
    }

    [Fact]
    public async Task ConnectEndpointWithAPolicy_KeepsAgentsOut()
    {
        await using var hub = await TestHub.StartAsync(setup =>
        {
            setup.Build = builder =>
            {
                AddAuthentication(builder.Services);
                builder.Services.AddAuthorization();
            };
            setup.Pipeline = app => app.UseTunnelRelay(connect => connect.RequireAuthorization());
        });
        await using var device = await TestDevice.StartAsync(hub.Url);

        await device.Agent.UntilAsync(agent => agent.LastFailure is not null);

        Assert.Equal(Agent.TunnelFailureReason.KeyRefused, device.Agent.LastFailure?.Reason);
    }

    [Fact]
    public async Task DevicesOwnPolicy_StaysInForceForVisitors()
    {
        await using var pair = await TunnelPair.StartAsync(
            app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapGet("/", (HttpContext context) => $"device of {context.User.Identity?.Name}").RequireAuthorization();
            },
            device: device => device.Build = builder =>
            {
                AddAuthentication(builder.Services);
                builder.Services.AddAuthorization();
            });

        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(pair, "/t/demo/", null)).Status);
        Assert.Equal((HttpStatusCode.OK, "device of ann"), await GetAsync(pair, "/t/demo/", "ann"));
    }

    [Fact]
    public async Task DeviceThatIsAHubItself_ServesItsVisitors()
    {
        await using var hub = await TestHub.StartAsync(setup => setup.Pipeline = app =>
        {
            app.UseTunnelRelay();
            app.MapGet("/", (HttpContext context) => $"first {context.Request.PathBase}");
        });
        await using var device = await TestDevice.StartAsync(hub.Url, setup => setup.Pipeline = app =>
        {
            app.UseTunnelRelay();
            app.MapGet("/", (HttpContext context) => $"second {context.Request.PathBase}");
        });
        await device.Agent.WaitUntilConnectedAsync(Stop).Soon();
        using var client = TestHub.CreateClient(hub.Url);

        Assert.Equal("first ", await client.GetStringAsync("/", Stop));
        Assert.Equal("second /t/demo", await client.GetStringAsync("/t/demo/", Stop));
    }

    private static void Device(WebApplication app) => app.Run(context => context.Response.WriteAsync(
        $"device {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}"));

    private static void AddAuthentication(IServiceCollection services) => services
        .AddAuthentication(HeaderAuthentication.SchemeName)
        .AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>(HeaderAuthentication.SchemeName, null);

    private static async Task AssertVisitorsReachTheDeviceAsync(TunnelPair pair)
    {
        // The root and paths of the hub's own routes, too.
        foreach (var path in new[] { string.Empty, "api", "api/7", ".tunnel/connect" })
        {
            Assert.Equal($"device /t/demo/{path}", await pair.Visitor.GetStringAsync(path, Stop).Soon());
            using var request = pair.OnSubdomain(HttpMethod.Get, "/" + path);
            using var response = await pair.HubClient.SendAsync(request, Stop).Soon();
            Assert.Equal($"device /{path}", await response.Content.ReadAsStringAsync(Stop));
        }
    }

    private static async Task<(HttpStatusCode Status, string Text)> GetAsync(TunnelPair pair, string path, string? user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(pair.Hub.Url, path));
        if (user is not null)
        {
            request.Headers.Add(HeaderAuthentication.User, user);
        }

        using var response = await pair.HubClient.SendAsync(request, Stop).Soon();
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Stop));
    }
}
