using System.Net.Sockets;
using System.Text;
using Tunnel.Relay.Tests.Fixtures;

namespace Tunnel.Relay.Tests.Ingress;

/// <summary>What a visitor sends is refused or left out, and is never an exception in the hub's pipeline.</summary>
public sealed class HostileVisitorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_upgrade_to_what_can_be_no_protocol_is_none()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        agent.Serve = exchange => HandAgent.AnswerAsync(exchange, "served");
        await agent.OpenAsync();

        using var visitor = new TcpClient();
        await visitor.ConnectAsync(relay.Url.Host, relay.Url.Port, Stop);
        var request = "GET /t/demo/ HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: \u20ac\r\n\r\n";
        await visitor.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request), Stop);
        using var answer = new StreamReader(visitor.GetStream(), Encoding.Latin1);

        Assert.Equal("HTTP/1.1 200 OK", await answer.ReadLineAsync(Stop).AsTask().InTime());
    }
}
