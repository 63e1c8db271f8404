using System.Net.WebSockets;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Tests.Fixtures;

/// <summary>One WebSocket of a <see cref="HandAgent"/>.</summary>
internal sealed class HandLink(ClientWebSocket socket)
{
    public ClientWebSocket Socket { get; } = socket;

    public RegistrationChannel Channel { get; } = new(new WebSocketLink(socket, TimeProvider.System));

    /// <summary>The relay's.</summary>
    public string Nonce { get; set; } = "";

    /// <summary>The agent's.</summary>
    public string AgentNonce { get; } = Wire.Identity.Nonce.Create();

    /// <summary>The agent's session on this link, where it runs.</summary>
    public Task<LinkEnd> Run { get; set; } = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async Task<RegistrationMessage> AskAsync(RegistrationMessage message)
    {
        await Channel.SendAsync(message, Stop);
        return await Channel.ReceiveAsync(Stop).InTime();
    }

    /// <summary>Where no session runs: pings, and waits for the pong, so that the relay has received something on this link.</summary>
    public async Task PingAsync()
    {
        await Socket.SendAsync(new byte[] { 0x80, 1, 42 }, WebSocketMessageType.Binary, endOfMessage: true, Stop);
        while (true)
        {
            var message = new byte[256];
            var result = await Socket.ReceiveAsync(message.AsMemory(), Stop).InTime();
            if (message.AsSpan(0, result.Count).IndexOf([(byte)2, (byte)42]) >= 0)
            {
                return;
            }
        }
    }

    /// <summary>Waits until the relay has ended this link.</summary>
    public async Task UntilClosedAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while ((await Socket.ReceiveAsync(buffer.AsMemory(), Stop).InTime()).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (WebSocketException)
        {
            // Ended without a word.
        }
    }
}
