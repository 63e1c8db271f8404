using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Errors;

/// <summary>What the relay itself answers: to programs, browsers, HEAD and both kinds of WebSocket handshakes alike.</summary>
public sealed class ErrorTableTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UnclaimedSlug_Is404()
    {
        await using var hub = await TestHub.StartAsync(ErrorVisitor.ListenTwice);

        await new ErrorVisitor(hub, "/t/nobody/").AssertAllAsync(404, "no_such_tunnel", comesBack: false);
    }

    [Fact]
    public async Task TargetThatClimbsOut_Is400()
    {
        await using var hub = await TestHub.StartAsync(ErrorVisitor.ListenTwice);

        await new ErrorVisitor(hub, "/t/demo/%2e%2e/%2e%2e/victim/").AssertAllAsync(400, "invalid_target", comesBack: false);
    }

    [Fact]
    public async Task AmbiguousFraming_Is400AndEndsTheConnection()
    {
        await using var pair = await TunnelPair.StartAsync(_ => { });

        var response = await RawConnection.RequestAsync(
            pair.Hub.Url, $"POST /t/demo/ HTTP/1.1\r\nHost: {pair.Hub.Url.Authority}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");

        Assert.Equal((400, "close"), (response.Status, response.Header("Connection")));
        Assert.Contains("ambiguous_framing", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HeadThatNoLinkCarries_Is431()
    {
        await using var pair = await TunnelPair.StartAsync(_ => { }, ErrorVisitor.ListenTwice);
        var large = new string('x', 100 * 1024);

        await new ErrorVisitor(pair.Hub, "/t/demo/") { Headers = [("X-Large", large)] }.AssertAllAsync(431, "head_too_large", comesBack: false);
    }

    [Fact]
    public async Task AgentAway_Is502WithRetryAfter()
    {
        await using var pair = await TunnelPair.StartAsync(_ => { }, ErrorVisitor.ListenTwice);
        await pair.Device.App.StopAsync(Stop);

        await new ErrorVisitor(pair.Hub, "/t/demo/").AssertAllAsync(502, "agent_away", comesBack: true);
    }

    [Fact]
    public async Task TargetDown_Is502()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // and does not listen
        await using var pair = await TunnelPair.StartAsync(
            _ => { },
            ErrorVisitor.ListenTwice,
            device => device.Agent = agent => agent.ForwardTo = new Uri($"http://{nobody.LocalEndPoint}/"));

        await new ErrorVisitor(pair.Hub, "/t/demo/").AssertAllAsync(502, "target_unreachable", comesBack: false);
    }

    [Fact]
    public async Task AppThatBreaksOff_Is502()
    {
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(context =>
            {
                context.Abort();
                return Task.CompletedTask;
            }),
            ErrorVisitor.ListenTwice);

        await new ErrorVisitor(pair.Hub, "/t/demo/").AssertAllAsync(502, "agent_failed", comesBack: false);
    }

    [Fact]
    public async Task NoRoomLeft_Is503WithRetryAfter()
    {
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default)),
            hub =>
            {
                ErrorVisitor.ListenTwice(hub);
                hub.Settings["Tunnel:Relay:MemoryLimit"] = "1048576";
            });
        using var leave = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 70).Select(_ => pair.Visitor.GetAsync("", leave.Token)).ToArray();
        await Task.WhenAny(waiting).Soon("one of the requests has no room");

        await new ErrorVisitor(pair.Hub, "/t/demo/").AssertAllAsync(503, "no_memory", comesBack: true);

        await leave.CancelAsync();
        await Task.WhenAny(Task.WhenAll(waiting)).Soon();
    }

    [Fact]
    public async Task AppThatDoesNotAnswer_Is504AndHearsThatNobodyWaits()
    {
        var time = FakeTimeSteps.FromNow();
        using var arrived = new SemaphoreSlim(0);
        using var aborted = new SemaphoreSlim(0);
        var pair = await TunnelPair.StartAsync(
            app => app.Run(async context =>
            {
                arrived.Release();
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                aborted.Release();
            }),
            hub =>
            {
                ErrorVisitor.ListenTwice(hub);
                hub.Settings["Tunnel:Relay:ResponseTimeout"] = "00:00:10";
                hub.Build += builder => builder.Services.AddSingleton<TimeProvider>(time);
            });
        await using var stopping = time.Passing(pair);

        var visits = new ErrorVisitor(pair.Hub, "/t/demo/").AssertAllAsync(504, "agent_too_slow", comesBack: false);
        await TakeAsync(arrived, 6);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(visits.IsCompleted);
        await time.AdvanceUntilAsync(visits, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

        await TakeAsync(aborted, 6);
    }

    private static async Task TakeAsync(SemaphoreSlim semaphore, int count)
    {
        while (count-- > 0)
        {
            Assert.True(await semaphore.WaitAsync(Bounded.Most, Stop));
        }
    }

    [Theory]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task AppsOwnErrors_AreUntouched(int status)
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers["X-Own"] = "yes";
            context.Response.Headers.RetryAfter = "77";
            context.Response.ContentType = "text/plain";
            return context.Response.WriteAsync("my own words");
        }));

        using var request = new HttpRequestMessage(HttpMethod.Get, string.Empty) { Headers = { { "Accept", "text/html" } } };
        using var response = await pair.Visitor.SendAsync(request, Stop);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(["yes"], response.Headers.GetValues("X-Own"));
        Assert.Equal(TimeSpan.FromSeconds(77), response.Headers.RetryAfter?.Delta);
        Assert.Null(response.Headers.CacheControl);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("my own words", await response.Content.ReadAsStringAsync(Stop));
    }

    [Theory]
    [InlineData("text/html", true)]
    [InlineData("TEXT/HTML;level=1;q=0.1", true)]
    [InlineData("application/json, text/html;q=0.5", true)]
    [InlineData("text/html;q=0, */*", false)]
    [InlineData("text/htmlx", false)]
    [InlineData("application/xhtml+xml", false)]
    [InlineData("text/*", false)]
    [InlineData("", false)]
    public async Task Page_IsForThoseWhoNameHtml(string accept, bool isPage)
    {
        await using var hub = await TestHub.StartAsync();

        var response = await RawConnection.RequestAsync(hub.Url, $"GET /t/nobody/ HTTP/1.1\r\nHost: {hub.Url.Authority}\r\nAccept: {accept}\r\n\r\n");

        Assert.Equal(isPage ? "text/html; charset=utf-8" : "application/problem+json", response.Header("Content-Type"));
    }
}
