using System.Net.WebSockets;
using System.Threading.Channels;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Agent.Tests.Relays;

/// <summary>A relay whose every answer a test gives by hand.</summary>
internal sealed class ScriptedRelay : IDisposable
{
    public const string Address = "http://relay.test";

    private readonly Channel<WebSocket> _dialled = Channel.CreateUnbounded<WebSocket>();

    /// <summary>What the relay proves to hold.</summary>
    public SigningKey Key { get; } = SigningKey.Create();

    public MemoryBudget Budget { get; } = new(256L * 1024 * 1024);

    /// <summary>How often the agent has dialled.</summary>
    public int Dials { get; private set; }

    /// <summary>For <see cref="TunnelAgentOptions.Connect"/>.</summary>
    public Task<WebSocket> ConnectAsync(Uri uri, string subprotocol, CancellationToken cancellationToken)
    {
        var (relay, agent) = MemorySocket.CreatePair(subprotocol);
        Dials++;
        _dialled.Writer.TryWrite(relay);
        return Task.FromResult(agent);
    }

    /// <summary>The agent's next link, with the challenge sent.</summary>
    public async Task<ScriptedLink> AcceptAsync()
    {
        var link = new ScriptedLink(await _dialled.Reader.ReadAsync().InTime(), Key);
        await link.SendAsync(new ChallengeMessage(link.Nonce));
        return link;
    }

    /// <summary>The agent's next link after the first wait of its schedule.</summary>
    public async Task<ScriptedLink> AcceptWhenDueAsync(FakeTime time)
    {
        await time.WhenArmedAsync(AgentApp.FirstWait, AgentApp.FirstWait).InTime();
        time.Advance(AgentApp.FirstWait);
        return await AcceptAsync();
    }

    /// <summary>The agent's next link, whose register is answered as it should be; the relay's end of the session runs on it.</summary>
    public async Task<ScriptedSession> OpenAsync(string slug = "demo", int graceSeconds = 15, TimeProvider? time = null)
    {
        var link = await AcceptAsync();
        return await ScriptedSession.BeginAsync(link, slug, graceSeconds, Budget, time ?? TimeProvider.System);
    }

    public void Dispose() => Key.Dispose();
}
