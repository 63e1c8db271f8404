using Microsoft.AspNetCore.Http;
using Tunnel.Agent.Tests.Forwarding;
using Tunnel.Agent.Tests.Relays;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Serving;

/// <summary>Several tunnels and named services over one session.</summary>
public sealed class ServicesTests
{
    [Fact]
    public async Task RequestGoesToTheServerOfItsTunnelAndService()
    {
        using var relay = new ScriptedRelay();
        using var api = RawTarget.Answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\napi");
        using var second = RawTarget.Answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
        await using var agent = await AgentApp.StartAsync(relay, context => context.Response.WriteAsync("app"), options =>
        {
            options.Services["api"] = new AgentServiceOptions { ForwardTo = new Uri(api.Url) };
            options.Tunnels.Add(new AgentTunnelOptions { Slug = "second", ForwardTo = new Uri(second.Url) });
            options.Tunnels.Add(new AgentTunnelOptions { Slug = "third" });
        });
        var session = await relay.OpenAsync();

        Assert.Equal("app", await GetAsync(session, 0, ""));
        Assert.Equal("api", await GetAsync(session, 0, "api"));
        Assert.Equal("api", await GetAsync(session, 0, "API"));
        Assert.Equal("second", await GetAsync(session, 1, ""));
        Assert.Equal("app", await GetAsync(session, 2, ""));
        foreach (var (tunnel, service) in new[] { (0, "unknown"), (1, "api"), (3, "") })
        {
            using var exchange = session.Get("/", tunnel, service);
            var refused = await Assert.ThrowsAsync<ExchangeException>(() => exchange.ReadHeadAsync().InTime());
            Assert.Equal(ErrorCode.Refused, refused.Code);
        }
    }
    private static async Task<string> GetAsync(ScriptedSession session, int tunnel, string service)
    {
        using var exchange = session.Get("/", tunnel, service);
        return (await VisitorResponse.ReadAsync(exchange)).Text;
    }
}
