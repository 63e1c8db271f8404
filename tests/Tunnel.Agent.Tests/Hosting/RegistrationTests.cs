using Microsoft.Extensions.Logging;
using Tunnel.Agent.Tests.Relays;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Agent.Tests.Hosting;

/// <summary>What the agent asks the relay for, and what it makes of the answers.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public async Task AnswerIsLost_AgentAsksForTheSameSession_AndForAnotherOneNextTime()
    {
        using var relay = new ScriptedRelay();
        await using var app = await AgentApp.StartAsync(relay);
        var lost = await relay.AcceptAsync();
        var first = await lost.RegisterAsync();
        lost.Break();

        var link = await relay.AcceptAsync();
        var again = await link.RegisterAsync();
        Assert.Equal(first.RegistrationId, again.RegistrationId);
        Assert.Equal(first.InstanceId, again.InstanceId);
        Assert.NotEqual(first.Nonce, again.Nonce);
        Assert.True(Base64UrlText.TryDecode(again.RegistrationId, out var id) && id.Length == 16);

        await link.SendAsync(link.Registered(again, "session", Nonce.Create(), graceSeconds: 0, "demo"));
        await app.UntilAsync(agent => agent.State == TunnelAgentState.Connected);
        link.Break();

        var next = await (await relay.AcceptAsync()).RegisterAsync();
        Assert.NotEqual(first.RegistrationId, next.RegistrationId);
        Assert.Equal(first.InstanceId, next.InstanceId);
    }

    [Fact]
    public async Task SeveralTunnelsAndServices_AreAskedFor_AndTheirUrlsTold()
    {
        using var relay = new ScriptedRelay();
        await using var app = await AgentApp.StartAsync(relay, configure: options =>
        {
            options.Pool = true;
            options.Services["API"] = new AgentServiceOptions();
            options.Tunnels.Add(new AgentTunnelOptions { Slug = "second", Services = { ["docs"] = new AgentServiceOptions() } });
        });
        var link = await relay.AcceptAsync();
        var register = await link.RegisterAsync();
        Assert.True(register.Pool);
        Assert.Equal("demo", register.Slug);
        Assert.Equal(["api"], register.Services!);
        var further = Assert.Single(register.Tunnels!);
        Assert.Equal("second", further.Slug);
        Assert.Equal(["docs"], further.Services!);

        await link.SendAsync(link.Registered(register, "session", Nonce.Create(), graceSeconds: 0, "demo"));

        await app.UntilAsync(agent => agent.State == TunnelAgentState.Connected);
        Assert.Equal([new Uri("http://relay.test/t/demo/"), new Uri("http://relay.test/t/second/")], app.Agent.PublicUrls);
        Assert.Equal(app.Agent.PublicUrls[0], app.Agent.PublicUrl);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RelayHoldsTheKeyThatWasConfigured_Connects(bool byFingerprint)
    {
        using var relay = new ScriptedRelay();
        await using var app = await AgentApp.StartAsync(
            relay, configure: options => options.RelayKey = byFingerprint ? relay.Key.PublicKey.Fingerprint : relay.Key.PublicKey.Text);

        await relay.OpenAsync();

        await app.UntilAsync(agent => agent.State == TunnelAgentState.Connected);
    }

    [Theory]
    [InlineData("no key")]
    [InlineData("other key")]
    [InlineData("key of another")]
    [InlineData("signature for another session")]
    public async Task RelayIsNotTheConfiguredOne_TunnelStaysClosed(string imposture)
    {
        using var relay = new ScriptedRelay();
        using var other = SigningKey.Create();
        await using var app = await AgentApp.StartAsync(relay, configure: options => options.RelayKey = relay.Key.PublicKey.Fingerprint);
        var link = await relay.AcceptAsync();
        var register = await link.RegisterAsync();
        var honest = link.Registered(register, "session", Nonce.Create(), graceSeconds: 15, "demo");
        var forged = RelayProof.Sign(other, register.Nonce, link.Nonce, ScriptedRelay.Address, "session", 1);

        await link.SendAsync(imposture switch
        {
            "no key" => honest with { RelayKey = "", Signature = "" },
            "other key" => honest with { RelayKey = other.PublicKey.Text, Signature = forged },
            "key of another" => honest with { Signature = forged },
            _ => honest with { Session = "another" },
        });

        Assert.True(await link.EndsSilentlyAsync());
        await app.UntilAsync(agent => agent.LastFailure is { Reason: TunnelFailureReason.RelayKeyMismatch });
        Assert.DoesNotContain(TunnelAgentState.Connected, app.States);
        Assert.Contains(app.Log.Entries, entry => entry is { Level: LogLevel.Error, Id: 205 });
    }

    [Fact]
    public async Task NoKeyConfigured_LogSaysTheOneThatWasProven()
    {
        using var relay = new ScriptedRelay();
        await using var app = await AgentApp.StartAsync(relay);
        await relay.OpenAsync();
        await app.UntilAsync(agent => agent.State == TunnelAgentState.Connected);

        var entry = Assert.Single(app.Log.Entries, entry => entry.Id == 207);
        Assert.Contains(relay.Key.PublicKey.Text, entry.Text);
        Assert.Contains(relay.Key.PublicKey.Fingerprint, entry.Text);
    }

    [Theory]
    [InlineData(RegistrationErrorCodes.Overloaded, TunnelFailureReason.Overloaded, 7.25)]
    [InlineData(RegistrationErrorCodes.DuplicateInstance, TunnelFailureReason.DuplicateInstance, 29.5)]
    [InlineData(RegistrationErrorCodes.TooManyTunnels, TunnelFailureReason.SlugRefused, 29.5)]
    [InlineData(RegistrationErrorCodes.UnknownKey, TunnelFailureReason.KeyRefused, 29.5)]
    public async Task Refused_AgentWaitsAsLongAsTheRelayAndTheReasonAsk(string code, TunnelFailureReason reason, double seconds)
    {
        var time = new FakeTime();
        using var relay = new ScriptedRelay();
        await using var app = await AgentApp.StartAsync(relay, time: time);
        var link = await relay.AcceptAsync();
        await link.RegisterAsync();
        await link.SendAsync(new ErrorMessage(code, "Not now.", RetryAfter: 7));

        await app.UntilAsync(agent => agent.LastFailure?.Reason == reason);
        var wait = TimeSpan.FromSeconds(seconds);
        await time.WhenArmedAsync(wait, wait).InTime();
        Assert.Equal(1, relay.Dials);

        time.Advance(wait);
        await relay.AcceptAsync();
    }
}
