using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>What breaks on one side is broken on the other, and never looks complete.</summary>
public sealed class AbortTests
{
    private static readonly TimeSpan AbortBound = TimeSpan.FromSeconds(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task VisitorLeaves_AppsRequestAbortedFires(bool responseStarted)
    {
        var entered = new Gate();
        var aborted = new Gate();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            using var registration = context.RequestAborted.Register(aborted.Open);
            if (responseStarted)
            {
                await context.Response.WriteAsync("some");
            }

            entered.Open();
            await aborted.Opened.Soon();
        }));
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        await visitor.SendAsync("GET /t/demo/ HTTP/1.1\r\nHost: any.test\r\n\r\n");
        await entered.Opened.Soon();

        visitor.Reset();

        await Within(aborted.Opened);
    }

    [Fact]
    public async Task VisitorLeavesInMidUpload_AppsReadFails()
    {
        var entered = new Gate();
        var failed = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            try
            {
                await context.Request.Body.ReadExactlyAsync(new byte[4]);
                entered.Open();
                await context.Request.Body.CopyToAsync(Stream.Null);
                failed.SetException(new InvalidOperationException("The cut body looked complete."));
            }
            catch (Exception exception)
            {
                failed.SetResult(exception);
            }
        }));
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        await visitor.SendAsync("POST /t/demo/ HTTP/1.1\r\nHost: any.test\r\nContent-Length: 10\r\n\r\nsome");
        await entered.Opened.Soon();

        visitor.Reset();

        Assert.IsAssignableFrom<IOException>(await failed.Task.Soon());
    }

    [Fact]
    public async Task AppAborts_BeforeTheResponse_Is502()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        }));

        using var response = await pair.Visitor.GetAsync(string.Empty, Stop).Soon();

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Fact]
    public async Task AppThrows_BeforeTheResponse_Is500WithoutTheAppsHeaders()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            context.Response.Headers["X-Secret"] = "1";
            throw new InvalidOperationException("The app fails.");
        }));

        using var response = await pair.Visitor.GetAsync(string.Empty, Stop).Soon();

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.False(response.Headers.Contains("X-Secret"));
    }

    [Theory]
    [InlineData("abort", true)]
    [InlineData("abort", false)]
    [InlineData("throw", true)]
    [InlineData("throw", false)]
    [InlineData("throw-at-once", true)]
    [InlineData("throw-at-once", false)]
    [InlineData("return", true)]
    public async Task AppBreaksOffInMidBody_VisitorSeesABrokenTransfer(string how, bool withLength)
    {
        var read = new Gate();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            context.Response.ContentLength = withLength ? 1000 : null;
            await context.Response.WriteAsync("some");
            if (how == "throw-at-once")
            {
                throw new InvalidOperationException("The app fails.");
            }

            await read.Opened.Soon();
            switch (how)
            {
                case "abort":
                    context.Abort();
                    break;
                case "throw":
                    throw new InvalidOperationException("The app fails.");
            }
        }));

        await Assert.ThrowsAsync<HttpRequestException>(async () =>
        {
            using var response = await pair.Visitor.GetAsync(string.Empty, HttpCompletionOption.ResponseHeadersRead, Stop).Soon();
            if (response.StatusCode == HttpStatusCode.BadGateway && how == "throw-at-once")
            {
                // The failure overtook the head, which had not left the relay yet.
                throw new HttpRequestException("502");
            }

            read.Open();
            await response.Content.LoadIntoBufferAsync(Stop).Soon();
        });
    }

    [Fact]
    public async Task AfterBrokenRequests_TheTunnelServesOn()
    {
        await using var pair = await TunnelPair.StartAsync(app =>
        {
            app.MapGet("/abort", (HttpContext context) => context.Abort());
            app.MapGet("/throw", () => { throw new InvalidOperationException("The app fails."); });
            app.MapGet("/fine", () => "fine");
        });

        for (var turn = 0; turn < 20; turn++)
        {
            using var aborted = await pair.Visitor.GetAsync("abort", Stop).Soon();
            using var failed = await pair.Visitor.GetAsync("throw", Stop).Soon();
            Assert.Equal((502, 500), ((int)aborted.StatusCode, (int)failed.StatusCode));
            Assert.Equal("fine", await pair.Visitor.GetStringAsync("fine", Stop).Soon());
        }
    }

    private static async Task Within(Task task) => await task.ContinueWith(_ => true, Stop).Within(AbortBound);
}
