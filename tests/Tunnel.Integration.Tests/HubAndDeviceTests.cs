using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>One app that is a hub and has a tunnel on it.</summary>
public sealed class HubAndDeviceTests
{
    private const string Domain = "tunnel.test";

    [Theory]
    [InlineData("/t/self/", "127.0.0.1")]
    [InlineData("/", "self." + Domain)]
    public async Task Visitor_OfTheHubsOwnTunnel_ReachesTheAppOnce(string target, string host)
    {
        using var folder = new TempFolder();
        WebApplication? running = null;
        var requests = 0;
        await using var hub = await TestHub.StartAsync(setup =>
        {
            // The port is known after the start only, so the agent dials it by hand and the relay is told its origin.
            setup.Settings["Tunnel:Relay:PublicUrl"] = "http://127.0.0.1";
            setup.Settings["Tunnel:Relay:Domain"] = Domain;
            setup.Build = builder => builder.Services.AddTunnelAgent("http://127.0.0.1", agent =>
            {
                agent.Slug = "self";
                agent.CredentialsFile = folder.File("tunnel.json");
                agent.Connect = async (uri, subprotocol, cancellationToken) =>
                {
                    var socket = new ClientWebSocket();
                    socket.Options.AddSubProtocol(subprotocol);
                    await socket.ConnectAsync(new UriBuilder(uri) { Port = new Uri(running!.Urls.First()).Port }.Uri, cancellationToken);
                    return socket;
                };
            });
            setup.Pipeline = app =>
            {
                running = app;
                app.UseTunnelRelay();
                app.Map("/{**path}", (HttpContext context) => $"{Interlocked.Increment(ref requests)} {context.Request.PathBase}{context.Request.Path}");
            };
        });
        await hub.App.Services.GetRequiredService<ITunnelAgent>().WaitUntilConnectedAsync(TestContext.Current.CancellationToken).Soon();

        using var client = TestHub.CreateClient(hub.Url);
        using var request = new HttpRequestMessage(HttpMethod.Get, target) { Headers = { Host = host } };
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal($"1 {target}", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
