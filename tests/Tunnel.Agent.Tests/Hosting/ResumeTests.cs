using Microsoft.AspNetCore.Http;
using Tunnel.Agent.Tests.Forwarding;
using Tunnel.Agent.Tests.Relays;
using Tunnel.Wire.Identity;
using Tunnel.Wire.Registration;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Hosting;

/// <summary>One session over several links.</summary>
public sealed class ResumeTests
{
    [Fact]
    public async Task LinkIsLost_OpenResponseGoesOnWithTheNext()
    {
        using var relay = new ScriptedRelay();
        var app = new StreamingApp();
        await using var agent = await AgentApp.StartAsync(relay, app.ServeAsync);
        var session = await relay.OpenAsync();
        using var exchange = session.Get("/");
        await VisitorResponse.ReadHeadAsync(exchange);
        Assert.Equal("first", await VisitorResponse.ReadTextAsync(exchange, 5));

        await session.BreakAsync();
        await agent.UntilAsync(state => state.State == TunnelAgentState.Reconnecting);
        Assert.Equal(TunnelFailureReason.LinkLost, agent.Agent.LastFailure!.Reason);
        app.Release.SetResult(); // writes while there is no link
        await session.ResumeAsync(await relay.AcceptAsync(), epoch: 2);

        Assert.Equal("|last", await VisitorResponse.ReadTextAsync(exchange, 5));
        Assert.Empty(await VisitorResponse.ReadSomeAsync(exchange));
        Assert.False(app.WasAborted);
        await agent.UntilAsync(state => state is { State: TunnelAgentState.Connected, LastFailure: null });
        Assert.Equal(2, relay.Dials);
    }

    [Fact]
    public async Task AnswerToAResumeIsLost_TokenAndEpochBeforeAreShownAgain()
    {
        using var relay = new ScriptedRelay();
        await using var agent = await AgentApp.StartAsync(relay);
        var session = await relay.OpenAsync();
        await session.BreakAsync();

        var lost = await relay.AcceptAsync();
        var first = await lost.ResumeAsync();
        Assert.Equal((session.Id, session.ResumeToken, 1, 0), (first.Session, first.ResumeToken, first.Epoch, first.Received));
        lost.Break();

        var link = await relay.AcceptAsync();
        var again = await link.ResumeAsync();
        Assert.Equal((first.Session, first.ResumeToken, first.Epoch), (again.Session, again.ResumeToken, again.Epoch));
        Assert.NotEqual(first.Nonce, again.Nonce);
        await link.SendAsync(link.Resumed(again, epoch: 3, "next-token", received: 0));
        await agent.UntilAsync(state => state.State == TunnelAgentState.Connected);
        link.Break();

        var third = await (await relay.AcceptAsync()).ResumeAsync();
        Assert.Equal(("next-token", 3), (third.ResumeToken, third.Epoch));
    }

    [Fact]
    public async Task Resume_SaysHowFarTheRelaysSequenceCame()
    {
        using var relay = new ScriptedRelay();
        await using var agent = await AgentApp.StartAsync(relay, context => context.Response.WriteAsync("done"));
        var session = await relay.OpenAsync();
        using (var exchange = session.Get("/"))
        {
            await VisitorResponse.ReadAsync(exchange);
        }

        await session.BreakAsync();

        var resume = await (await relay.AcceptAsync()).ResumeAsync();
        Assert.True(resume.Received > 0);
    }

    [Fact]
    public async Task RelayForgotTheSession_RegistersAnewWithoutAWait()
    {
        var time = new FakeTime();
        using var relay = new ScriptedRelay();
        var app = new StreamingApp();
        await using var agent = await AgentApp.StartAsync(relay, app.ServeAsync, time: time);
        var session = await relay.OpenAsync();
        using var exchange = session.Get("/");
        await VisitorResponse.ReadHeadAsync(exchange);
        await session.BreakAsync();
        var link = await relay.AcceptWhenDueAsync(time);
        await link.ResumeAsync();

        await link.SendAsync(new ErrorMessage(RegistrationErrorCodes.SessionUnknown, "This relay knows no such session."));

        var next = await relay.OpenAsync(); // with the time standing still
        await app.Aborted.Task.InTime();
        Assert.NotEqual(session.Id, next.Id);
        await agent.UntilAsync(state => state.State == TunnelAgentState.Connected);
    }

    [Fact]
    public async Task GraceIsOver_RequestsAreCut_AndTheNextSessionIsOpened()
    {
        var time = new FakeTime();
        using var relay = new ScriptedRelay();
        var app = new StreamingApp();
        await using var agent = await AgentApp.StartAsync(relay, app.ServeAsync, time: time);
        var session = await relay.OpenAsync(graceSeconds: 15);
        using var exchange = session.Get("/");
        await VisitorResponse.ReadHeadAsync(exchange);
        await session.BreakAsync();
        var link = await relay.AcceptWhenDueAsync(time);
        await link.ResumeAsync();
        await link.SendAsync(new ErrorMessage(RegistrationErrorCodes.Overloaded, "Not now.", RetryAfter: 60));
        await time.WhenArmedAsync(TimeSpan.FromSeconds(61), TimeSpan.FromSeconds(60)).InTime();

        time.Advance(TimeSpan.FromSeconds(19));
        Assert.False(app.WasAborted);
        time.Advance(TimeSpan.FromSeconds(1));
        await app.Aborted.Task.InTime();

        // The relay asked for a minute, and gets it.
        await time.WhenArmedAsync(TimeSpan.FromSeconds(41), TimeSpan.FromSeconds(40)).InTime();
        Assert.Equal(2, relay.Dials);
        time.Advance(TimeSpan.FromSeconds(41));
        await (await relay.AcceptAsync()).RegisterAsync();
    }

    [Fact]
    public async Task ImpostorAnswersAResume_LinkIsNotTaken()
    {
        using var relay = new ScriptedRelay();
        using var other = SigningKey.Create();
        await using var agent = await AgentApp.StartAsync(relay, configure: options => options.RelayKey = relay.Key.PublicKey.Text);
        var session = await relay.OpenAsync();
        await session.BreakAsync();
        var link = await relay.AcceptAsync();
        var resume = await link.ResumeAsync();

        await link.SendAsync(link.Resumed(resume, 2, "token", 0) with
        {
            Signature = RelayProof.Sign(other, resume.Nonce, link.Nonce, ScriptedRelay.Address, resume.Session, 2),
        });

        Assert.True(await link.EndsSilentlyAsync());
        await agent.UntilAsync(state => state.LastFailure is { Reason: TunnelFailureReason.RelayKeyMismatch });
    }

    [Fact]
    public async Task RelaySaysThatTheSessionIsOver_NothingIsResumed()
    {
        using var relay = new ScriptedRelay();
        await using var agent = await AgentApp.StartAsync(relay);
        var session = await relay.OpenAsync();

        await session.Session.CloseAsync().InTime();

        Assert.Equal(LinkEndKind.SessionOver, (await session.LinkEnded.InTime()).Kind);
        await (await relay.AcceptAsync()).RegisterAsync();
    }
}
