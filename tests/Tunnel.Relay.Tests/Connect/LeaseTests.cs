using Tunnel.Relay.Connect;
using Tunnel.Relay.Registry;
using Tunnel.Relay.Storage;
using Tunnel.Relay.Tests.Fixtures;
using Tunnel.Wire.Registration;

namespace Tunnel.Relay.Tests.Connect;

/// <summary>Who has a slug when more than one agent wants it.</summary>
public sealed class LeaseTests
{
    [Fact]
    public async Task The_same_owner_takes_the_slug_over_at_once()
    {
        await using var relay = await TestRelay.StartAsync();
        var (old, first) = await relay.Agent("owner").RegisterAsync("demo", more: [new TunnelWish("other")]);
        var next = relay.Agent("owner");
        next.Serve = exchange => HandAgent.AnswerAsync(exchange, "next");

        await next.OpenAsync();

        await old.UntilClosedAsync();
        using var response = await relay.GetAsync("/t/demo/").InTime();
        Assert.Equal("next", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(next.OfRelay.Tunnels[0].Generation > Assert.IsType<RegisteredMessage>(first).Generation);
        Assert.False(relay.Get<TunnelRegistry>().IsLive("other"));
        Assert.Single(relay.Get<SessionDirectory>().All);
    }

    [Fact]
    public async Task Another_owner_is_refused_while_the_first_is_between_two_links()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.LoseAsync(await agent.OpenAsync());

        var (_, answer) = await relay.Agent().RegisterAsync("demo");

        Assert.Equal(RegistrationErrorCodes.SlugTaken, Assert.IsType<ErrorMessage>(answer).Code);
    }

    [Fact]
    public async Task Two_processes_that_fight_for_a_slug_are_told_to_wait()
    {
        await using var relay = await TestRelay.StartAsync();
        var one = relay.Agent("owner");
        var two = relay.Agent("owner");
        await one.RegisterAsync("demo");
        foreach (var agent in new[] { two, one, two })
        {
            Assert.IsType<RegisteredMessage>((await agent.RegisterAsync("demo")).Answer);
        }

        var refused = Assert.IsType<ErrorMessage>((await one.RegisterAsync("demo", more: [new TunnelWish("new")])).Answer);

        Assert.Equal((RegistrationErrorCodes.DuplicateInstance, 60), (refused.Code, refused.RetryAfter));
        Assert.Contains("Tunnel:Agent:Slug", refused.Message); // which tunnel http says as --slug
        Assert.Null(relay.Get<ClaimLedger>().FindOwner("new"));
        Assert.True(relay.Get<TunnelRegistry>().TryFind("demo", out var pool));
        Assert.Equal(two.InstanceId, pool.Members.Single().Session.Agent.InstanceId);

        relay.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.IsType<RegisteredMessage>((await one.RegisterAsync("demo")).Answer);
    }

    [Fact]
    public async Task One_that_restarts_often_is_no_fight()
    {
        await using var relay = await TestRelay.StartAsync();
        for (var i = 0; i < 6; i++)
        {
            Assert.IsType<RegisteredMessage>((await relay.Agent("owner").RegisterAsync("demo")).Answer);
        }

        var one = relay.Agent("owner");
        for (var i = 0; i < 6; i++)
        {
            Assert.IsType<RegisteredMessage>((await one.RegisterAsync("demo")).Answer);
        }
    }

    [Fact]
    public async Task A_pool_needs_the_word_of_both()
    {
        await using var relay = await TestRelay.StartAsync();
        await relay.PoolAgent("owner").RegisterAsync("demo");
        await relay.PoolAgent("owner").RegisterAsync("demo");
        Assert.True(relay.Get<TunnelRegistry>().TryFind("demo", out var pool));
        Assert.Equal(2, pool.Members.Length);

        await relay.Agent("owner").RegisterAsync("demo");

        Assert.Single(pool.Members);
    }

    [Fact]
    public async Task An_agent_that_goes_finishes_what_is_open_while_its_successor_serves()
    {
        await using var relay = await TestRelay.StartAsync();
        var old = relay.Agent("owner");
        await old.OpenAsync();
        var opening = old.TakeAsync();
        var asking = relay.GetAsync("/t/demo/");
        using var exchange = await opening;
        var drained = old.Wire.DrainAsync();
        var session = old.OfRelay;
        await TestRelay.UntilAsync(() => !session.Wire.IsAccepting);

        var next = relay.Agent("owner");
        next.Serve = opened => HandAgent.AnswerAsync(opened, "next");
        await next.OpenAsync();

        using var fresh = await relay.GetAsync("/t/demo/").InTime();
        Assert.Equal("next", await fresh.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await HandAgent.AnswerAsync(exchange, "old");
        using var response = await asking.InTime();
        Assert.Equal("old", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        exchange.Dispose();
        await drained.InTime();
    }
}
