using System.Net;
using Tunnel.Relay.Connect;
using Tunnel.Relay.Tests.Fixtures;
using Tunnel.Wire.Frames;

namespace Tunnel.Relay.Tests.Ingress;

/// <summary>Which agent a request goes to, and when it goes to another one.</summary>
public sealed class FailoverTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_agent_with_the_least_to_do_is_chosen()
    {
        await using var relay = await TestRelay.StartAsync();
        var (one, two) = await PoolAsync(relay);
        var held = await HoldOneAsync(relay, one, two);

        for (var i = 0; i < 4; i++)
        {
            using var response = await relay.GetAsync("/t/demo/").InTime();
            Assert.Equal(held == one ? "two" : "one", await response.Content.ReadAsStringAsync(Stop));
        }
    }

    [Fact]
    public async Task An_agent_between_two_links_is_passed_over()
    {
        await using var relay = await TestRelay.StartAsync();
        var (one, two) = await PoolAsync(relay);
        await two.LoseAsync(two.Link);

        using var response = await relay.GetAsync("/t/demo/").InTime();

        Assert.Equal("one", await response.Content.ReadAsStringAsync(Stop));
        Assert.NotNull(two.OfRelay.UnlinkedSince);
    }

    [Fact]
    public async Task A_request_that_an_agent_refuses_goes_to_another_one_whatever_its_method()
    {
        await using var relay = await TestRelay.StartAsync();
        var (one, two) = await PoolAsync(relay);
        one.Serve = two.Serve = RefuseFirst(one, two);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/t/demo/");

        using var response = await relay.Visitor.SendAsync(request, Stop).InTime();

        Assert.Equal("second", await response.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task A_request_that_the_only_agent_refuses_is_answered_503()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        agent.Serve = exchange =>
        {
            exchange.Reset(ErrorCode.Refused);
            return Task.CompletedTask;
        };
        await agent.OpenAsync();

        using var response = await relay.GetAsync("/t/demo/").InTime();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("GET", true)]
    [InlineData("DELETE", true)]
    [InlineData("POST", false)]
    [InlineData("PATCH", false)]
    public async Task A_request_that_may_have_run_is_repeated_only_if_its_method_says_that_this_is_harmless(string method, bool isRepeated)
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent("owner");
        await agent.OpenAsync();
        var taking = agent.TakeAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/t/demo/");
        var asking = relay.Visitor.SendAsync(request, Stop);
        using var exchange = await taking;

        var next = relay.Agent("owner");
        await next.OpenAsync();

        using var response = await asking.InTime();
        Assert.Equal(isRepeated ? HttpStatusCode.OK : HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Fact]
    public async Task A_request_whose_body_was_begun_is_never_repeated()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent("owner");
        await agent.OpenAsync();
        var taking = agent.TakeAsync();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/t/demo/") { Content = new ByteArrayContent([1, 2, 3]) };
        var asking = relay.Visitor.SendAsync(request, Stop);
        using var exchange = await taking;
        await exchange.Input.ReadAsync(Stop).InTime();

        await relay.Agent("owner").OpenAsync();

        using var response = await asking.InTime();
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Fact]
    public async Task An_upload_that_nobody_has_begun_to_read_goes_to_the_next_session_whole()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent("owner");
        await agent.OpenAsync();
        var taking = agent.TakeAsync();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/t/demo/")
        {
            Content = new ByteArrayContent(new byte[100_000]),
            Headers = { ExpectContinue = true },
        };
        var asking = relay.Visitor.SendAsync(request, Stop);
        using var exchange = await taking;

        var next = relay.Agent("owner");
        next.Serve = async opened =>
        {
            var length = 0L;
            while (true)
            {
                var result = await opened.Input.ReadAsync(Stop);
                length += result.Buffer.Length;
                opened.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    await HandAgent.AnswerAsync(opened, $"{length}");
                    return;
                }
            }
        };
        await next.OpenAsync();

        using var response = await asking.InTime();
        Assert.Equal("100000", await response.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task A_request_goes_on_where_it_was_after_a_resume()
    {
        await using var relay = await TestRelay.StartAsync();
        var agent = relay.Agent();
        var link = await agent.OpenAsync();
        var taking = agent.TakeAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/t/demo/") { Content = new ByteArrayContent([1, 2, 3]) };
        var asking = relay.Visitor.SendAsync(request, Stop);
        using var exchange = await taking;
        await agent.LoseAsync(link);

        await agent.ReturnAsync();
        await HandAgent.AnswerAsync(exchange, "served");

        using var response = await asking.InTime();
        Assert.Equal("served", await response.Content.ReadAsStringAsync(Stop));
    }

    private static async Task<(HandAgent One, HandAgent Two)> PoolAsync(TestRelay relay)
    {
        var (one, two) = (relay.PoolAgent("owner"), relay.PoolAgent("owner"));
        one.Serve = exchange => HandAgent.AnswerAsync(exchange, "one");
        two.Serve = exchange => HandAgent.AnswerAsync(exchange, "two");
        await one.OpenAsync();
        await two.OpenAsync();
        return (one, two);
    }

    /// <summary>Lets one of them get a request that it does not answer.</summary>
    private static async Task<HandAgent> HoldOneAsync(TestRelay relay, HandAgent one, HandAgent two)
    {
        var (takenByOne, takenByTwo) = (one.TakeAsync(), two.TakeAsync());
        _ = relay.GetAsync("/t/demo/");
        var taken = await Task.WhenAny(takenByOne, takenByTwo).InTime();
        var held = taken == takenByOne ? one : two;
        (held == one ? two : one).TakeNoMore();
        return held;
    }

    private static Func<Wire.Session.Exchange, Task> RefuseFirst(HandAgent one, HandAgent two)
    {
        var count = 0;
        return exchange =>
        {
            if (Interlocked.Increment(ref count) == 1)
            {
                exchange.Reset(ErrorCode.Refused);
                return Task.CompletedTask;
            }

            return HandAgent.AnswerAsync(exchange, "second");
        };
    }
}
