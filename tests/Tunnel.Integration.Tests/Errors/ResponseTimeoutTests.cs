using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Errors;

/// <summary>What keeps a request alive that has no answer yet, and that nothing ends one that has.</summary>
public sealed class ResponseTimeoutTests
{
    private static readonly TimeSpan MostOfTheTimeout = TimeSpan.FromSeconds(6);

    private readonly FakeTime _time = FakeTimeSteps.FromNow();

    [Fact]
    public async Task BodyThatTheAppTakes_RestartsTheTime()
    {
        using var taken = new SemaphoreSlim(0);
        var pair = await StartAsync(async context =>
        {
            var buffer = new byte[1024];
            while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) > 0)
            {
                taken.Release();
            }

            await context.Response.WriteAsync("all of it");
        });
        await using var stopping = _time.Passing(pair);
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        await visitor.SendAsync($"POST /t/demo/ HTTP/1.1\r\nHost: {pair.Hub.Url.Authority}\r\nTransfer-Encoding: chunked\r\n\r\n");

        for (var round = 0; round < 3; round++)
        {
            await visitor.SendChunkAsync("piece"u8.ToArray());
            Assert.True(await taken.WaitAsync(Bounded.Most, TestContext.Current.CancellationToken));
            _time.Advance(MostOfTheTimeout);
        }

        await visitor.SendAsync("0\r\n\r\n");
        var response = await visitor.ReadResponseAsync().Soon();
        Assert.Equal((200, "all of it"), (response.Status, response.Text));
    }

    [Fact]
    public async Task BodyThatStandsStill_Is504()
    {
        var reading = new Gate();
        var pair = await StartAsync(async context =>
        {
            await context.Request.Body.ReadExactlyAsync(new byte[5], context.RequestAborted);
            reading.Open();
            await context.Request.Body.ReadExactlyAsync(new byte[995], context.RequestAborted);
        });
        await using var stopping = _time.Passing(pair);
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);
        await visitor.SendAsync($"POST /t/demo/ HTTP/1.1\r\nHost: {pair.Hub.Url.Authority}\r\nContent-Length: 1000\r\n\r\npiece");
        await reading.Opened.Soon();

        var answer = visitor.ReadResponseAsync();
        await _time.AdvanceUntilAsync(answer, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(14));

        Assert.Equal(504, (await answer).Status);
    }

    [Fact]
    public async Task AnswerThatHasBegun_MayBeSilentForAnyTime()
    {
        var goOn = new Gate();
        var pair = await StartAsync(async context =>
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await goOn.Opened;
            await context.Response.WriteAsync("late");
        });
        await using var stopping = _time.Passing(pair);
        using var response = await pair.Visitor.GetAsync(
            string.Empty, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken).Soon();

        for (var round = 0; round < 3; round++)
        {
            _time.Advance(MostOfTheTimeout);
        }

        goOn.Open();
        Assert.Equal("late", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken).Soon());
    }

    private Task<TunnelPair> StartAsync(RequestDelegate app) => TunnelPair.StartAsync(
        device => device.Run(app),
        hub =>
        {
            hub.Settings["Tunnel:Relay:ResponseTimeout"] = "00:00:10";
            hub.Build = builder => builder.Services.AddSingleton<TimeProvider>(_time);
        });
}
