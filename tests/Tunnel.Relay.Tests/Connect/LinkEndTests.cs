using System.Net.Sockets;
using System.Text;
using Tunnel.Relay.Tests.Fixtures;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Tests.Connect;

/// <summary>How links of both kinds end on the relay's real server.</summary>
public sealed class LinkEndTests : IAsyncLifetime
{
    private TestRelay relay = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => relay = await TestRelay.StartAsync();

    public ValueTask DisposeAsync() => relay.DisposeAsync();

    [Theory]
    [InlineData("tunnel.v1")]
    [InlineData("websocket")]
    public async Task A_broken_frame_is_answered_with_close(string kind)
    {
        using var key = SigningKey.Create();
        for (var round = 0; round < 20; round++) // what an abort takes back depends on threads
        {
            using var connection = new TcpClient();
            var agent = relay.Agent(key: key);
            await using IRegistrationLink link = kind == "websocket"
                ? new WebSocketLink((await agent.RegisterAsync()).Link.Socket, TimeProvider.System)
                : await RegisterAsync(connection, agent);

            await link.SendAsync(OutgoingMessage.Copy([0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0])); // a frame of an unknown type

            byte[] last = [];
            while (await link.ReceiveAsync().AsTask().InTime() is { IsEmpty: false } message)
            {
                last = message.ToArray();
            }

            Assert.Equal([6, 5], last[^2..]); // the record close, with protocol error; and the link ended in order
        }
    }

    /// <summary>By hand, so that nothing of an HTTP client is in between.</summary>
    private async Task<UpgradedLink> RegisterAsync(TcpClient connection, HandAgent agent)
    {
        await connection.ConnectAsync(relay.Url.Host, relay.Url.Port, Stop);
        var stream = connection.GetStream();
        var request = $"GET /.tunnel/connect HTTP/1.1\r\nHost: {relay.Url.Authority}\r\nConnection: Upgrade\r\nUpgrade: tunnel.v1\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Stop);
        var head = string.Empty;
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var octet = new byte[1];
            await stream.ReadExactlyAsync(octet, Stop).AsTask().InTime();
            head += (char)octet[0];
        }

        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);

        var link = new UpgradedLink(stream, connection.Dispose, TimeProvider.System);
        var channel = new RegistrationChannel(link);
        var nonce = Assert.IsType<ChallengeMessage>(await channel.ReceiveAsync(Stop).AsTask().InTime()).Nonce;
        var token = agent.Token();
        var proof = RegistrationProof.Sign(agent.Key, nonce, Origin.Of(relay.Url), token);
        await channel.SendAsync(new RegisterMessage(
            token, agent.Key.PublicKey.Text, proof, Nonce.Create(), HandAgent.Random16(), agent.InstanceId, null, null, null, Pool: false), Stop);
        Assert.IsType<RegisteredMessage>(await channel.ReceiveAsync(Stop).AsTask().InTime());
        return link;
    }
}
