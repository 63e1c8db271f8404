using System.Net;
using Tunnel.Relay.Ingress;
using Tunnel.Relay.Tests.Fixtures;

namespace Tunnel.Relay.Tests.Ingress;

/// <summary>Requests that come while a tunnel's agent is away.</summary>
public sealed class ParkingTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_waits_for_the_resume()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.LoseAsync(await agent.OpenAsync());
        var asking = await ParkAsync(relay, 1);

        await agent.ReturnAsync();

        await AssertServedAsync(asking[0]);
    }

    [Fact]
    public async Task A_request_waits_for_the_next_session()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.LoseAsync(await agent.OpenAsync());
        var asking = await ParkAsync(relay, 1);

        await agent.OpenAsync();

        await AssertServedAsync(asking[0]);
    }

    [Fact]
    public async Task The_end_of_the_grace_ends_the_wait()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.LoseAsync(await agent.OpenAsync());
        relay.Time.Advance(TimeSpan.FromSeconds(10));
        var asking = await ParkAsync(relay, 1);

        relay.Time.Advance(TimeSpan.FromSeconds(5));

        await AssertRefusedAsync(asking[0], HttpStatusCode.BadGateway);
        await AssertRefusedAsync(relay.GetAsync("/t/demo/"), HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task An_agent_that_left_in_order_is_not_waited_for()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.OpenAsync();

        await agent.Wire.CloseAsync().InTime();
        await TestRelay.UntilAsync(() => !relay.Get<Relay.Registry.TunnelRegistry>().IsLive("demo"));

        await AssertRefusedAsync(relay.GetAsync("/t/demo/"), HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task A_relay_that_has_just_started_waits_for_the_agents_of_claimed_slugs()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.RegisterAsync("demo");
        await relay.RestartAsync();

        var asking = await ParkAsync(relay, 1);
        await AssertRefusedAsync(relay.GetAsync("/t/nobody/"), HttpStatusCode.NotFound);
        await agent.OpenAsync();
        await AssertServedAsync(asking[0]);

        await relay.RestartAsync();
        relay.Time.Advance(Grace);
        await AssertRefusedAsync(relay.GetAsync("/t/demo/"), HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task Places_are_bounded_and_a_visitor_who_leaves_frees_one()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.LoseAsync(await agent.OpenAsync());
        using var leave = new CancellationTokenSource();
        var leaver = relay.Visitor.GetAsync("/t/demo/", leave.Token);
        await ParkedAsync(relay, 1);
        var asking = await ParkAsync(relay, RelayDefaults.ParkedPerTunnel - 1, already: 1);

        await AssertRefusedAsync(relay.GetAsync("/t/demo/"), HttpStatusCode.ServiceUnavailable);
        await leave.CancelAsync();
        await ParkedAsync(relay, RelayDefaults.ParkedPerTunnel - 1);
        asking = [.. asking, .. await ParkAsync(relay, 1, already: RelayDefaults.ParkedPerTunnel - 1)];
        await agent.ReturnAsync();

        foreach (var served in asking)
        {
            await AssertServedAsync(served);
        }

        await ParkedAsync(relay, 0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
    }

    [Fact]
    public async Task Heads_that_wait_are_bounded_in_bytes()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.LoseAsync(await agent.OpenAsync());
        var large = new string('x', 24 * 1024);
        var fits = RelayDefaults.ParkedHeadBytesPerTunnel / (25 * 1024);
        var asking = Enumerable.Range(0, fits).Select(_ => AskAsync(large)).ToArray();
        await ParkedAsync(relay, fits);

        var more = Enumerable.Range(0, 3).Select(_ => AskAsync(large)).ToArray();
        await AssertRefusedAsync(await Task.WhenAny(more).InTime(), HttpStatusCode.ServiceUnavailable);
        await agent.ReturnAsync();
        foreach (var served in asking)
        {
            await AssertServedAsync(served);
        }

        async Task<HttpResponseMessage> AskAsync(string header)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/t/demo/");
            request.Headers.Add("X-Large", header);
            return await relay.Visitor.SendAsync(request, Stop);
        }
    }

    [Fact]
    public async Task No_body_is_asked_for_while_a_request_waits()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.LoseAsync(await agent.OpenAsync());
        var body = new WatchedContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/t/demo/") { Content = body, Headers = { ExpectContinue = true } };
        var asking = relay.Visitor.SendAsync(request, Stop);
        await ParkedAsync(relay, 1);

        Assert.False(body.IsAskedFor);
        agent.Serve = async exchange =>
        {
            await exchange.Input.ReadAsync(Stop);
            await HandAgent.AnswerAsync(exchange, "served");
        };
        await agent.ReturnAsync();

        await AssertServedAsync(asking);
        Assert.True(body.IsAskedFor);
    }

    [Fact]
    public async Task A_relay_that_stops_lets_nobody_wait()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        await agent.LoseAsync(await agent.OpenAsync());
        var asking = await ParkAsync(relay, 1);

        relay.App.Lifetime.StopApplication();

        await AssertRefusedAsync(asking[0], HttpStatusCode.ServiceUnavailable);
    }

    /// <summary>Sends requests and returns when all of them wait.</summary>
    private static async Task<Task<HttpResponseMessage>[]> ParkAsync(TestRelay relay, int count, int already = 0)
    {
        var asking = Enumerable.Range(0, count).Select(_ => relay.GetAsync("/t/demo/")).ToArray();
        await ParkedAsync(relay, already + count);
        return asking;
    }

    private static Task ParkedAsync(TestRelay relay, int count)
    {
        var parking = relay.Get<ParkingLot>();
        return TestRelay.UntilAsync(() => parking.Count == count);
    }

    private static async Task AssertServedAsync(Task<HttpResponseMessage> asking)
    {
        using var response = await asking.InTime();
        Assert.Equal("served", await response.Content.ReadAsStringAsync(Stop));
    }

    private static async Task AssertRefusedAsync(Task<HttpResponseMessage> asking, HttpStatusCode status)
    {
        using var response = await asking.InTime();
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status != HttpStatusCode.NotFound, response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
    }

    private sealed class WatchedContent : HttpContent
    {
        public bool IsAskedFor { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            IsAskedFor = true;
            return stream.WriteAsync(new byte[] { 1, 2, 3 }, Stop).AsTask();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 3;
            return true;
        }
    }
}
