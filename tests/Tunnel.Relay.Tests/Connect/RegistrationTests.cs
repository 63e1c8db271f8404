using Tunnel.Relay.Connect;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Storage;
using Tunnel.Relay.Tests.Fixtures;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Relay.Tests.Connect;

public sealed class RegistrationTests
{
    [Fact]
    public async Task An_agent_gets_a_session_with_all_its_tunnels()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent("owner");

        var (_, answer) = await agent.RegisterAsync("demo", more: [new TunnelWish("other", ["api", "files"]), new TunnelWish()], services: ["web"]);

        var registered = Assert.IsType<RegisteredMessage>(answer);
        Assert.Equal(("demo", "owner", 1, 15), (registered.Slug, registered.ServerId, registered.Epoch, registered.GraceSeconds));
        Assert.Equal(new Uri(relay.Url, "/t/demo/").AbsoluteUri, registered.Url);
        Assert.Equal("other", registered.Tunnels![0].Slug);
        Assert.Matches("^[a-z0-9]{8}$", registered.Tunnels[1].Slug);
        Assert.True(Base64UrlText.TryDecode(registered.ResumeToken, out var token) && token.Length == 32);
        Assert.True(relay.Get<TunnelRegistry>().TryFind("OTHER", out var pool));
        Assert.Equal(["api", "files"], pool.Members.Single().Services);
        Assert.Equal(1, pool.Members.Single().Index);
    }

    [Fact]
    public async Task The_relay_signs_both_nonces_with_a_key_that_outlives_it()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        var (first, answer) = await agent.RegisterAsync("demo");
        var registered = Assert.IsType<RegisteredMessage>(answer);
        Assert.True(PublicKey.TryParse(registered.RelayKey, out var key));
        Assert.Equal(relay.Get<RelayKey>().PublicKey, key);
        Assert.True(RelayProof.Verify(
            key, first.AgentNonce, first.Nonce, Origin.Of(relay.Url), registered.Session, registered.Epoch, registered.Signature));

        await relay.RestartAsync();

        Assert.Equal(key, relay.Get<RelayKey>().PublicKey);
    }

    [Theory]
    [InlineData("taken", RegistrationErrorCodes.SlugTaken)]
    [InlineData("login", RegistrationErrorCodes.SlugReserved)]
    [InlineData("-a-", RegistrationErrorCodes.SlugInvalid)]
    [InlineData("FREE", RegistrationErrorCodes.SlugInvalid)]
    public async Task One_tunnel_that_is_refused_refuses_all_and_leaves_no_claim(string second, string code)
    {
        await using var relay = await TestRelay.StartAsync();
        await relay.Agent("a").RegisterAsync("taken");

        var (_, answer) = await relay.Agent("b").RegisterAsync("free", more: [new TunnelWish(second)]);

        Assert.Equal(code, Assert.IsType<ErrorMessage>(answer).Code);
        Assert.Null(relay.Get<ClaimLedger>().FindOwner("free"));
        Assert.False(relay.Get<TunnelRegistry>().IsLive("free"));
    }

    [Theory]
    [InlineData(31, 32, null)]
    [InlineData(32, 0, RegistrationErrorCodes.TooManyTunnels)]
    [InlineData(0, 33, RegistrationErrorCodes.TooManyTunnels)]
    public async Task Tunnels_and_services_are_bounded(int more, int services, string? code)
    {
        await using var relay = await TestRelay.StartAsync();

        var (_, answer) = await relay.Agent().RegisterAsync(
            "demo", more: [.. Enumerable.Repeat(new TunnelWish(), more)], services: [.. Enumerable.Range(0, services).Select(i => $"s{i}")]);

        Assert.Equal(code, (answer as ErrorMessage)?.Code);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("API", "api")]
    public async Task Services_need_names_that_a_path_can_hold(params string[] services)
    {
        await using var relay = await TestRelay.StartAsync();

        var (_, answer) = await relay.Agent().RegisterAsync("demo", services: services);

        Assert.Equal(RegistrationErrorCodes.InvalidMessage, Assert.IsType<ErrorMessage>(answer).Code);
    }

    [Fact]
    public async Task A_message_of_another_type_is_answered()
    {
        await using var relay = await TestRelay.StartAsync();

        var (link, _) = await relay.Agent().RegisterAsync("-");
        var (other, answer) = await relay.Agent().AskAsync(new ChallengeMessage("x"));

        Assert.Equal(RegistrationErrorCodes.InvalidMessage, Assert.IsType<ErrorMessage>(answer).Code);
        await other.UntilClosedAsync();
        await link.UntilClosedAsync();
    }

    [Fact]
    public async Task A_lost_answer_is_answered_again_with_the_same_session()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        var id = HandAgent.Random16();
        var (lost, answer) = await agent.RegisterAsync(registrationId: id, more: [new TunnelWish("second")]);
        var first = Assert.IsType<RegisteredMessage>(answer);

        (var link, answer) = await agent.RegisterAsync(registrationId: id, more: [new TunnelWish("second")]);

        var again = Assert.IsType<RegisteredMessage>(answer);
        Assert.Equal((first.Session, first.Slug, first.Generation, 2), (again.Session, again.Slug, again.Generation, again.Epoch));
        Assert.NotEqual(first.ResumeToken, again.ResumeToken);
        await lost.UntilClosedAsync();
        await link.PingAsync();
        Assert.Single(relay.Get<SessionDirectory>().All);
    }

    [Fact]
    public async Task A_registration_whose_session_is_in_use_was_late_and_changes_nothing()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        var id = HandAgent.Random16();
        var (link, answer) = await agent.RegisterAsync("demo", registrationId: id);
        await link.PingAsync();

        var (_, again) = await agent.RegisterAsync("demo", registrationId: id);

        Assert.Equal(RegistrationErrorCodes.InvalidMessage, Assert.IsType<ErrorMessage>(again).Code);
        Assert.Equal(Assert.IsType<RegisteredMessage>(answer).Session, Assert.Single(relay.Get<SessionDirectory>().All).Id);
        await link.PingAsync();
    }

    [Fact]
    public async Task Another_key_with_the_same_registration_id_gets_its_own_session()
    {
        await using var relay = await TestRelay.StartAsync();
        var id = HandAgent.Random16();
        var (_, first) = await relay.Agent().RegisterAsync("one", registrationId: id);
        var (_, second) = await relay.Agent().RegisterAsync("two", registrationId: id);

        Assert.NotEqual(Assert.IsType<RegisteredMessage>(first).Session, Assert.IsType<RegisteredMessage>(second).Session);
    }
}
