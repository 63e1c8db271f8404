using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

public sealed class WebSocketLinkTests
{
    [Theory]
    [InlineData(WebSocketMessageType.Binary, 0)]
    [InlineData(WebSocketMessageType.Text, 0)]
    [InlineData(WebSocketMessageType.Text, 5)]
    [InlineData(WebSocketMessageType.Binary, WireDefaults.MaxMessageSize + 1)]
    public async Task Message_ThatTheProtocolDoesNotAllow_IsRefusedAtOnce(WebSocketMessageType type, int length)
    {
        var (peer, link) = await CreateAsync();
        await using (link)
        using (peer)
        {
            var receiving = link.ReceiveAsync().AsTask();
            await peer.SendAsync(new byte[length], type, endOfMessage: true, TestContext.Current.CancellationToken);
            await Assert.ThrowsAsync<LinkException>(() => receiving.InTime());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(WireDefaults.MaxMessageSize)]
    public async Task Message_InFragments_ArrivesWhole(int length)
    {
        var (peer, link) = await CreateAsync();
        await using (link)
        using (peer)
        {
            var message = new byte[length];
            Random.Shared.NextBytes(message);
            var receiving = link.ReceiveAsync().AsTask();
            await peer.SendAsync(message.AsMemory(0, length / 3), WebSocketMessageType.Binary, endOfMessage: false, TestContext.Current.CancellationToken);
            await peer.SendAsync(message.AsMemory(length / 3), WebSocketMessageType.Binary, endOfMessage: true, TestContext.Current.CancellationToken);
            Assert.True((await receiving.InTime()).Span.SequenceEqual(message));
        }
    }

    private static async Task<(WebSocket Peer, WebSocketLink Link)> CreateAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        var accepting = listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        var server = await accepting;
        return (
            WebSocket.CreateFromStream(client.GetStream(), new WebSocketCreationOptions { IsServer = false }),
            new WebSocketLink(WebSocket.CreateFromStream(server.GetStream(), new WebSocketCreationOptions { IsServer = true }), TimeProvider.System));
    }
}
