using Tunnel.Relay.Connect;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Tests.Fixtures;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;

namespace Tunnel.Relay.Tests.Connect;

public sealed class ResumeTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_session_goes_on_with_the_next_link()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = await RegisteredAsync(relay);
        var before = agent.ResumeToken;

        var (link, answer) = await agent.ResumeAsync();

        var resumed = Assert.IsType<ResumedMessage>(answer);
        Assert.Equal((2, 0), (resumed.Epoch, resumed.Received));
        Assert.NotEqual(before, resumed.ResumeToken);
        Assert.True(PublicKey.TryParse(resumed.RelayKey, out var key));
        Assert.True(RelayProof.Verify(key, link.AgentNonce, link.Nonce, Origin.Of(relay.Url), agent.Session, 2, resumed.Signature));
        await link.PingAsync();
    }

    [Fact]
    public async Task The_link_before_is_closed_and_its_end_leaves_the_session_alone()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        var (first, answer) = await agent.RegisterAsync("demo");
        agent.Keep(Assert.IsType<RegisteredMessage>(answer));
        await first.PingAsync();

        var (second, _) = await agent.ResumeAsync();

        await first.UntilClosedAsync();
        await second.PingAsync();
        Assert.Null(agent.OfRelay.UnlinkedSince);
        Assert.True(relay.Get<TunnelRegistry>().IsLive("demo"));
    }

    [Fact]
    public async Task A_lost_answer_costs_nothing_until_its_link_was_used()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = await RegisteredAsync(relay);
        var known = (agent.ResumeToken, agent.Epoch);

        var (_, lost) = await agent.ResumeAsync();
        var (_, lostToo) = await agent.ResumeAsync();
        var (link, answer) = await agent.ResumeAsync();
        Assert.Equal([2, 3, 4], new[] { lost, lostToo, answer }.Select(message => Assert.IsType<ResumedMessage>(message).Epoch));

        // Once a link has shown that its answer arrived, the others are worth nothing any more.
        await link.PingAsync();
        agent.ResumeToken = ((ResumedMessage)lost).ResumeToken;
        Assert.Equal(RegistrationErrorCodes.SessionUnknown, Assert.IsType<ErrorMessage>((await agent.ResumeAsync()).Answer).Code);
        (agent.ResumeToken, agent.Epoch) = known;
        Assert.Equal(RegistrationErrorCodes.SessionUnknown, Assert.IsType<ErrorMessage>((await agent.ResumeAsync()).Answer).Code);
        agent.Keep((ResumedMessage)answer);
        Assert.Equal(5, Assert.IsType<ResumedMessage>((await agent.ResumeAsync()).Answer).Epoch);
    }

    [Fact]
    public async Task Nobody_else_can_resume_and_nobody_learns_that_the_session_exists()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = await RegisteredAsync(relay, "owner");
        var thief = relay.Agent("owner"); // the same owner, another key
        (thief.Session, thief.ResumeToken, thief.Epoch) = (agent.Session, agent.ResumeToken, agent.Epoch);
        var stranger = relay.Agent();
        (stranger.Session, stranger.ResumeToken, stranger.Epoch) = (HandAgent.Random16(), agent.ResumeToken, agent.Epoch);
        var own = agent.ResumeToken;
        agent.ResumeToken = Nonce.Create();

        var answers = new[] { (await thief.ResumeAsync()).Answer, (await stranger.ResumeAsync()).Answer, (await agent.ResumeAsync()).Answer };

        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        Assert.Equal(RegistrationErrorCodes.SessionUnknown, Assert.IsType<ErrorMessage>(answers[0]).Code);
        agent.ResumeToken = own;
        Assert.IsType<ResumedMessage>((await agent.ResumeAsync()).Answer);
    }

    [Fact]
    public async Task Who_the_agent_is_is_asked_again()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = await RegisteredAsync(relay);

        Assert.Equal(RegistrationErrorCodes.InvalidToken, await RefusalAsync(agent.ResumeAsync(token: agent.Token(age: TimeSpan.FromHours(2)))));
        Assert.Equal(RegistrationErrorCodes.InvalidToken, await RefusalAsync(agent.ResumeAsync(provenEpoch: 7)));
        Assert.Equal(RegistrationErrorCodes.InvalidMessage, await RefusalAsync(agent.ResumeAsync(received: -1)));
        relay.Keys.Revoke(agent.Key.PublicKey);
        Assert.Equal(RegistrationErrorCodes.UnknownKey, await RefusalAsync(agent.ResumeAsync()));
        relay.Keys.Register(agent.Key.PublicKey, "somebody-else");
        Assert.Equal(RegistrationErrorCodes.SessionUnknown, await RefusalAsync(agent.ResumeAsync()));
    }

    [Fact]
    public async Task The_grace_begins_with_the_loss_of_the_link_and_ends_the_session()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        var link = await agent.OpenAsync();
        relay.Time.Advance(TimeSpan.FromSeconds(10));
        await agent.LoseAsync(link);

        relay.Time.Advance(Grace - TimeSpan.FromTicks(1));
        Assert.True(relay.Get<TunnelRegistry>().IsLive("demo"));
        relay.Time.Advance(TimeSpan.FromTicks(1));

        Assert.False(relay.Get<TunnelRegistry>().IsLive("demo"));
        Assert.Equal(RegistrationErrorCodes.SessionUnknown, await RefusalAsync(agent.ResumeAsync()));
    }

    [Fact]
    public async Task A_resume_in_time_stops_the_grace()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.LoseAsync(await agent.OpenAsync());
        relay.Time.Advance(Grace - TimeSpan.FromSeconds(1));

        await agent.ReturnAsync();
        relay.Time.Advance(Grace);

        using var response = await relay.GetAsync("/t/demo/").InTime();
        Assert.Equal("served", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_grace_a_session_ends_with_its_link()
    {
        await using var relay = await TestRelay.StartAsync(("ResumeGrace", "00:00:00"));
        var agent = relay.Agent();
        var link = await agent.OpenAsync();

        link.Socket.Abort();

        await TestRelay.UntilAsync(() => !relay.Get<TunnelRegistry>().IsLive("demo"));
        Assert.Equal(RegistrationErrorCodes.SessionUnknown, await RefusalAsync(agent.ResumeAsync()));
        using var response = await relay.GetAsync("/t/demo/").InTime();
        Assert.Equal(System.Net.HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Fact]
    public async Task An_offset_that_the_relay_never_sent_ends_the_session()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = await RegisteredAsync(relay);

        // Whether the answer arrives before the link is cut is chance.
        await Task.WhenAny(agent.ResumeAsync(received: 1_000_000)).InTime();

        await TestRelay.UntilAsync(() => !relay.Get<SessionDirectory>().All.Any());
        Assert.Equal(RegistrationErrorCodes.SessionUnknown, await RefusalAsync(agent.ResumeAsync()));
    }

    private static async Task<HandAgent> RegisteredAsync(TestRelay relay, string? serverId = null)
    {
        var agent = relay.Agent(serverId);
        agent.Keep(Assert.IsType<RegisteredMessage>((await agent.RegisterAsync("demo")).Answer));
        return agent;
    }

    private static async Task<string> RefusalAsync(Task<(HandLink Link, RegistrationMessage Answer)> asking) =>
        Assert.IsType<ErrorMessage>((await asking).Answer).Code;
}
