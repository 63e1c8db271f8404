using Tunnel.Relay.Connect;
using Tunnel.Relay.Tests.Fixtures;
using Tunnel.Wire.Registration;

namespace Tunnel.Relay.Tests.Connect;

/// <summary>A relay that stops.</summary>
public sealed class DrainTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_relay_that_stops_lets_open_requests_finish_even_on_the_next_link()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        var link = await agent.OpenAsync();
        var taking = agent.TakeAsync();
        var asking = relay.GetAsync("/t/demo/");
        using var exchange = await taking;
        await agent.LoseAsync(link);

        relay.App.Lifetime.StopApplication();
        link = await agent.ReturnAsync();
        await agent.Wire.PeerLeaving.InTime();
        await HandAgent.AnswerAsync(exchange, "served");
        exchange.Dispose();

        using var response = await asking.InTime();
        Assert.Equal("served", await response.Content.ReadAsStringAsync(Stop));
        Assert.Equal(Wire.Session.LinkEndKind.SessionOver, (await link.Run.InTime()).Kind);
        await TestRelay.UntilAsync(() => !relay.Get<SessionDirectory>().All.Any());
    }

    [Fact]
    public async Task A_relay_that_stops_takes_no_new_sessions()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        (agent.Session, agent.ResumeToken, agent.Epoch) = (HandAgent.Random16(), "", 1);
        relay.App.Lifetime.StopApplication();

        var register = Assert.IsType<ErrorMessage>((await agent.RegisterAsync("demo")).Answer);
        var resume = Assert.IsType<ErrorMessage>((await agent.ResumeAsync()).Answer);

        Assert.Equal(RegistrationErrorCodes.ShuttingDown, register.Code);
        Assert.Equal(RegistrationErrorCodes.ShuttingDown, resume.Code);
        Assert.True(register.RetryAfter > 0);
    }

    [Fact]
    public async Task What_does_not_end_in_time_is_cut()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        var link = await agent.OpenAsync();
        var taking = agent.TakeAsync();
        var asking = relay.GetAsync("/t/demo/");
        using var exchange = await taking;

        relay.App.Lifetime.StopApplication();
        await agent.Wire.PeerLeaving.InTime();
        relay.Time.Advance(RelayDefaults.DrainTimeout);

        using var response = await asking.InTime();
        Assert.False(response.IsSuccessStatusCode);
        await link.Run.InTime();
    }
}
