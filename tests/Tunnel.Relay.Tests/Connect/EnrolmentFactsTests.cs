using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tunnel.Relay.Connect;

namespace Tunnel.Relay.Tests.Connect;

/// <summary>The facts as a real server gives them.</summary>
public sealed class EnrolmentFactsTests
{
    [Fact]
    public async Task A_local_agent_gets_in() =>
        Assert.Equal("in", await AskAsync("http://127.0.0.1:0", "Development", _ => { }));

    [Fact]
    public async Task Production_refuses() =>
        Assert.Contains("Development environment", await AskAsync("http://127.0.0.1:0", "Production", _ => { }));

    [Fact]
    public async Task A_server_open_to_all_refuses() =>
        Assert.Contains("listens on http://0.0.0.0:", await AskAsync("http://0.0.0.0:0", "Development", _ => { }));

    [Fact]
    public async Task Another_host_refuses() =>
        Assert.Contains("Host", await AskAsync("http://127.0.0.1:0", "Development", request => request.Headers.Host = "evil.example"));

    [Fact]
    public async Task Forwarded_headers_that_middleware_has_used_up_still_count() =>
        Assert.Contains("X-Original-*", await AskAsync(
            "http://127.0.0.1:0", "Development", request => request.Headers.Add("X-Forwarded-For", "127.0.0.1")));

    [Fact]
    public async Task Middleware_cannot_change_the_ends_of_the_connection()
    {
        ConnectionFacts? facts = null;

        await RunAsync("http://127.0.0.1:0", "Development", _ => { }, (context, server) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse("203.0.113.9");
            context.Connection.LocalIpAddress = IPAddress.Parse("203.0.113.10");
            facts = ConnectionFacts.Of(context, server);
            return "";
        });

        Assert.Equal(IPAddress.Loopback, facts!.Remote);
        Assert.Equal(IPAddress.Loopback, facts.Local);
        Assert.True(facts.IsLocal);
    }

    private static Task<string> AskAsync(string url, string environment, Action<HttpRequestMessage> change)
    {
        var options = new TunnelRelayOptions { DevelopmentEnrolment = true };
        return RunAsync(url, environment, change, (context, server) => DevelopmentEnrolment.Refuse(EnrolmentFacts.Of(
            context, server, context.RequestServices.GetRequiredService<IHostEnvironment>(), options)) ?? "in");
    }

    private static async Task<string> RunAsync(
        string url, string environment, Action<HttpRequestMessage> change, Func<HttpContext, IServer, string> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.WebHost.UseKestrel().UseUrls(url);
        await using var app = builder.Build();
        app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All });
        app.Run(context => context.Response.WriteAsync(answer(context, app.Services.GetRequiredService<IServer>())));
        await app.StartAsync(TestContext.Current.CancellationToken);

        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{new Uri(app.Urls.Single()).Port}/");
        change(request);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
