using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>Planned ends of either side, with and without a link.</summary>
public sealed class ReconnectStopTests
{
    private const int Requests = 20;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task HostStops_ManyRequestsAreOpen_AllFinish(bool hubStops, bool linkIsLost)
    {
        var app = new GatedApp();
        var path = new FaultyPath();
        await using var pair = await StartAsync(app, path);
        var open = await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => app.OpenAsync(pair.Visitor)));

        if (linkIsLost)
        {
            path.RefusesDials = true;
            path.Cut();
            await pair.Agent.UntilAsync(agent => agent.State == TunnelAgentState.Reconnecting);
        }

        var stopping = new Gate();
        using var registration = (hubStops ? pair.Hub.App : pair.Device.App).Lifetime.ApplicationStopping.Register(stopping.Open);
        var stop = hubStops ? pair.Hub.StopAsync() : pair.Device.App.StopAsync(Stop);
        await stopping.Opened.Soon();
        path.RefusesDials = false;
        app.Release.Open();

        foreach (var body in open)
        {
            Assert.Equal("|last", await body.ReadToEndAsync(Stop).Soon());
        }

        await stop.Soon();
        Assert.Equal(0, app.Aborted);
    }

    [Fact]
    public async Task AgentStops_LinkNeverComes_EndsWithinItsDrainTimeout()
    {
        var time = new FakeTime();
        var app = new TwoPartApp();
        await using var network = await VirtualNetwork.StartAsync(1, setup =>
        {
            setup.Time = time;
            setup.Routes = app.Map;
            setup.Agent = (agent, _) => agent.DrainTimeout = TimeSpan.FromSeconds(10);
        });
        var agent = network.Agent(0);
        using var open = await TwoPartApp.OpenAsync(agent);
        agent.Path.RefusesDials = true;
        agent.Cut();
        await agent.Agent.UntilAsync(state => state.State == TunnelAgentState.Reconnecting);

        var stopped = agent.App.StopAsync(Stop);
        await agent.Agent.UntilAsync(state => state.State == TunnelAgentState.Draining);
        var passed = await time.AdvanceUntilAsync(stopped, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

        // The drain's ten seconds, three for the close, and steps.
        Assert.True(passed <= TimeSpan.FromSeconds(16), $"{passed} passed until the agent had stopped.");
        Assert.Equal(TunnelAgentState.Stopped, agent.Agent.State);
        await app.Aborted.Opened.Soon();
    }

    [Fact]
    public async Task RelayStops_AgentNeverComesBack_EndsWithinItsDrainTimeout()
    {
        var time = new FakeTime();
        var app = new GatedApp();
        var path = new FaultyPath();
        var entered = new Gate();
        using var log = new LogWatch();
        await using var pair = await StartAsync(app, path, time, hub =>
        {
            hub.Build = builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Logging.AddProvider(log);
            };
            hub.Pipeline = relay =>
            {
                relay.Use(next => context =>
                {
                    if (context.Request.Path.Value!.EndsWith("quick", StringComparison.Ordinal))
                    {
                        entered.Open();
                    }

                    return next(context);
                });
                relay.UseTunnelRelay();
            };
        });
        using var open = await app.OpenAsync(pair.Visitor);
        path.RefusesDials = true;
        path.Cut();
        await log.Said("LinkEnded").Soon();
        var waiting = pair.Visitor.GetAsync("quick", Stop);

        await entered.Opened.Soon();
        var stopped = pair.Hub.StopAsync();
        using (var refused = await waiting.Soon())
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        var passed = await time.AdvanceUntilAsync(stopped, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.True(passed <= TimeSpan.FromSeconds(16), $"{passed} passed until the relay had stopped.");
        await Assert.ThrowsAnyAsync<Exception>(() => open.ReadToEndAsync(Stop).Soon());
        app.Release.Open();
        await time.AdvanceUntilAsync(pair.Device.App.StopAsync(Stop), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task RelayGoesAway_AgentServesByTheNextBeforeItLeavesThisOne()
    {
        using var folder = new TempFolder();
        var app = new GatedApp();
        await using var first = await TestHub.StartAsync();
        await using var second = await TestHub.StartAsync(setup => setup.Settings["Tunnel:Relay:PublicUrl"] = first.Url.GetLeftPart(UriPartial.Authority));
        var goesToSecond = false;
        var path = new FaultyPath((uri, subprotocol, token) => FaultyPath.DialAsync(
            Volatile.Read(ref goesToSecond) ? new UriBuilder(uri) { Port = second.Url.Port }.Uri : uri, subprotocol, token));
        await using var device = await TestDevice.StartAsync(first.Url, Device(app, path));
        await device.Agent.WaitUntilConnectedAsync(Stop).Soon();
        var recorder = new StateRecorder(device.Agent);
        using var visitor = TestHub.CreateClient(new Uri(first.Url, "/t/demo/"));
        using var open = await app.OpenAsync(visitor);

        // As behind a balancer: who dials from now on gets the next process.
        Volatile.Write(ref goesToSecond, true);
        var stopped = first.StopAsync();
        await device.Agent.UntilAsync(_ => path.Dials == 2 && recorder.States.Contains(TunnelAgentState.Connected));
        using var nextVisitor = TestHub.CreateClient(new Uri(second.Url, "/t/demo/"));
        Assert.Equal("quick", await nextVisitor.GetStringAsync("quick", Stop).Soon());
        Assert.False(stopped.IsCompleted);
        app.Release.Open();

        Assert.Equal("|last", await open.ReadToEndAsync(Stop).Soon());
        await stopped.Soon();
        Assert.Equal([TunnelAgentState.Connected], recorder.States.Distinct());
        Assert.Equal(2, path.Dials);
    }

    [Theory]
    [InlineData("GET", 0)]
    [InlineData("PUT", 100)]
    [InlineData("POST", 100_000)]
    public async Task AgentsOfAPoolStopAndStart_UnderTraffic_NoRequestFails(string method, int length)
    {
        await using var network = await VirtualNetwork.StartAsync(1, setup =>
        {
            setup.AgentTime = new HurriedTime();
            setup.Agent = (agent, _) => agent.Pool = true;
            setup.Routes = (app, _) => app.Run(async context =>
            {
                await context.Request.Body.CopyToAsync(context.Response.Body);
                await context.Response.WriteAsync("served");
            });
        });
        await using var traffic = new Traffic(8, async number =>
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), network.Agent(0).Target("/"));
            var body = new string((char)('a' + number), length);
            request.Content = length == 0 ? null : new StringContent(body);
            using var response = await network.Visitor.SendAsync(request, Stop).Soon();
            Assert.Equal(body + "served", await response.Content.ReadAsStringAsync(Stop).Soon());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        });

        var oldest = network.Agent(0);
        for (var rounds = 0; rounds < 20; rounds++)
        {
            var next = await network.StartAgainAsync(0);
            await next.Agent.WaitUntilConnectedAsync(Stop).Soon();
            await traffic.WhenMoreAsync(5).Soon();
            await oldest.App.StopAsync(Stop).Soon();
            oldest = next;
        }
    }

    [Fact]
    public async Task AgentsOfAPoolCrash_UnderTraffic_NoRequestThatCanBeRepeatedFails()
    {
        await using var network = await VirtualNetwork.StartAsync(1, setup =>
        {
            setup.AgentTime = new HurriedTime();
            setup.Relay = relay => relay.ResumeGrace = TimeSpan.FromSeconds(1); // how long it is unknown whether an agent has crashed
            setup.Agent = (agent, _) => agent.Pool = true;

            // Without a body a response is there at once: one that has begun could not be repeated.
            setup.Routes = (app, _) => app.Run(context =>
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            });
        });
        await using var traffic = new Traffic(8, async _ =>
        {
            using var response = await network.Visitor.GetAsync(network.Agent(0).Target("/"), Stop).Soon();
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        });

        var oldest = network.Agent(0);
        for (var rounds = 0; rounds < 3; rounds++)
        {
            var next = await network.StartAgainAsync(0);
            await next.Agent.WaitUntilConnectedAsync(Stop).Soon();
            await traffic.WhenMoreAsync(5).Soon();
            oldest.Crash();
            await traffic.WhenMoreAsync(50).Soon();
            oldest = next;
        }
    }

    private static Action<DeviceSetup> Device(GatedApp app, FaultyPath path, TimeProvider? time = null) => device =>
    {
        device.Pipeline = app.Map;
        device.Agent = agent =>
        {
            agent.Connect = path.ConnectAsync;
            agent.DrainTimeout = TimeSpan.FromMinutes(1);
        };
        device.Build = builder => builder.Services.AddSingleton(time ?? new HurriedTime());
    };

    private static Task<TunnelPair> StartAsync(GatedApp app, FaultyPath path, TimeProvider? time = null, Action<HubSetup>? configure = null) => TunnelPair.StartAsync(
        app.Map,
        hub =>
        {
            hub.Build = builder => builder.Services.AddSingleton(time ?? TimeProvider.System);
            configure?.Invoke(hub);
        },
        device => Device(app, path, time)(device));

    /// <summary>Answers <c>slow</c> in two parts, on a server of its own and for many at a time.</summary>
    private sealed class GatedApp
    {
        private int _aborted;

        public Gate Release { get; } = new();

        public int Aborted => Volatile.Read(ref _aborted);

        public void Map(WebApplication app)
        {
            app.MapGet("/quick", () => "quick");
            app.MapGet("/slow", async context =>
            {
                using var onAborted = context.RequestAborted.Register(() => Interlocked.Increment(ref _aborted));
                await context.Response.WriteAsync("first");
                await context.Response.Body.FlushAsync();
                await Release.Opened.Soon();
                await context.Response.WriteAsync("|last");
            });
        }

        public async Task<StreamReader> OpenAsync(HttpClient visitor)
        {
            var response = await visitor.GetAsync("slow", HttpCompletionOption.ResponseHeadersRead, Stop).Soon();
            var body = await response.Content.ReadAsStreamAsync(Stop);
            await body.ReadExactlyAsync(new byte[5], Stop).AsTask().Soon();
            return new StreamReader(body);
        }
    }
}
