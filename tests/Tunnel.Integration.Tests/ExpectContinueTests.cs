using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>A visitor that asks before it sends gets its answer from the app, not from the relay (RFC 9110 section 10.1.1).</summary>
public sealed class ExpectContinueTests
{
    private const string Request = "POST /t/demo/up HTTP/1.1\r\nHost: any.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

    [Fact]
    public async Task Continue_ComesOnlyWhenTheAppReads()
    {
        var entered = new Gate();
        var mayRead = new Gate();
        await using var pair = await TunnelPair.StartAsync(app =>
        {
            app.MapGet("/other", () => "other");
            app.MapPost("/up", async context =>
            {
                entered.Open();
                await mayRead.Opened.Soon();
                await context.Response.WriteAsync("got " + await new StreamReader(context.Request.Body).ReadToEndAsync());
            });
        });
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        await visitor.SendAsync(Request);
        await entered.Opened.Soon();

        // What the agent might have sent to the relay about the first request, it sent before the answer to this one.
        Assert.Equal("other", await pair.Visitor.GetStringAsync("other", TunnelPair.Stop).Soon());
        Assert.False(visitor.HasData);
        mayRead.Open();

        Assert.Equal("HTTP/1.1 100 Continue\r\n", await visitor.ReadHeadAsync().Soon());
        await visitor.SendAsync("hello");
        Assert.Equal("got hello", (await visitor.ReadResponseAsync().Soon()).Text);
    }

    [Fact]
    public async Task AppAnswersWithoutReading_ThereIsNoContinue()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return Task.CompletedTask;
        }));

        var response = await RawConnection.RequestAsync(pair.Hub.Url, Request);

        Assert.Equal(StatusCodes.Status413PayloadTooLarge, response.Status);
    }

    [Fact]
    public async Task AppAnswersAtOnceAndReads_TheContinueIsNotOvertaken()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            var reading = new StreamReader(context.Request.Body).ReadToEndAsync();
            await context.Response.StartAsync();
            await context.Response.WriteAsync("got " + await reading);
        }));
        for (var request = 0; request < 20; request++)
        {
            using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
            await visitor.SendAsync(Request);
            Assert.Equal("HTTP/1.1 100 Continue\r\n", await visitor.ReadHeadAsync().Soon());
            await visitor.SendAsync("hello");
            Assert.Equal("got hello", (await visitor.ReadResponseAsync().Soon()).Text);
        }
    }
}
