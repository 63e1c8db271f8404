using System.Net.WebSockets;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Relays;

/// <summary>The relay's end of one link during registration.</summary>
internal sealed class ScriptedLink(WebSocket socket, SigningKey key)
{
    private readonly RegistrationChannel _channel = new(new WebSocketLink(socket, TimeProvider.System));

    public WebSocket Socket => socket;

    public string Nonce { get; } = Wire.Identity.Nonce.Create();

    public ValueTask SendAsync(RegistrationMessage message) => _channel.SendAsync(message, TestContext.Current.CancellationToken);

    /// <summary>The agent's register, with its proof checked.</summary>
    public async Task<RegisterMessage> RegisterAsync()
    {
        var register = Assert.IsType<RegisterMessage>(await _channel.ReceiveAsync(TestContext.Current.CancellationToken).InTime());
        Assert.True(PublicKey.TryParse(register.PublicKey, out var agent));
        Assert.True(RegistrationProof.Verify(agent, Nonce, ScriptedRelay.Address, register.Token, register.Proof));
        return register;
    }

    /// <summary>The agent's resume, with its proof checked.</summary>
    public async Task<ResumeMessage> ResumeAsync()
    {
        var resume = Assert.IsType<ResumeMessage>(await _channel.ReceiveAsync(TestContext.Current.CancellationToken).InTime());
        Assert.True(PublicKey.TryParse(resume.PublicKey, out var agent));
        Assert.True(RegistrationProof.VerifyResume(
            agent, Nonce, ScriptedRelay.Address, resume.Token, resume.Session, resume.Epoch, resume.Proof));
        return resume;
    }

    /// <summary>An answer to a register, signed.</summary>
    public RegisteredMessage Registered(RegisterMessage register, string session, string token, int graceSeconds, string slug) => new(
        $"{ScriptedRelay.Address}/t/{slug}/", slug, "srv_test", session, token, 1, graceSeconds, 1, key.PublicKey.Text,
        RelayProof.Sign(key, register.Nonce, Nonce, ScriptedRelay.Address, session, 1),
        register.Tunnels?.Select(tunnel => new OpenedTunnel($"{ScriptedRelay.Address}/t/{tunnel.Slug}/", tunnel.Slug ?? "random")).ToList());

    /// <summary>An answer to a resume, signed.</summary>
    public ResumedMessage Resumed(ResumeMessage resume, int epoch, string token, long received) => new(
        epoch, token, received, key.PublicKey.Text,
        RelayProof.Sign(key, resume.Nonce, Nonce, ScriptedRelay.Address, resume.Session, epoch));

    public WebSocketLink Carry() => new(socket, TimeProvider.System);

    /// <summary>The connection breaks.</summary>
    public void Break() => socket.Abort();

    /// <summary>Whether the agent ends the link without having sent another message on it.</summary>
    public async Task<bool> EndsSilentlyAsync()
    {
        try
        {
            var result = await socket.ReceiveAsync(new byte[1].AsMemory(), TestContext.Current.CancellationToken).InTime();
            return result.MessageType == WebSocketMessageType.Close;
        }
        catch (WebSocketException)
        {
            return true;
        }
    }
}
