using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Integration.Tests.Fixtures;
using Tunnel.Relay;

namespace Tunnel.Integration.Tests.Errors;

/// <summary>The operator's own pages and code in place of the relay's answers.</summary>
public sealed class CustomErrorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_AreForBrowsers_AndTheirPlaceholdersAreReplaced()
    {
        using var pages = new TempFolder();
        await File.WriteAllTextAsync(pages.File("404.html"), "<h1>Not here</h1> {{status}} {{code}} {{title}}", Stop);
        await File.WriteAllTextAsync(pages.File("error.html"), "Ours: {{code}}", Stop);
        await using var hub = await TestHub.StartAsync(setup => setup.Settings["Tunnel:Relay:ErrorPages"] = pages.Path);

        using var notFound = await GetAsync(hub, "/t/nobody/", "text/html");
        Assert.Equal("<h1>Not here</h1> 404 no_such_tunnel There is no tunnel at this address.", await notFound.Content.ReadAsStringAsync(Stop));
        Assert.Equal((HttpStatusCode.NotFound, "text/html; charset=utf-8"), (notFound.StatusCode, notFound.Content.Headers.ContentType?.ToString()));
        Assert.True(notFound.Headers.CacheControl?.NoStore);

        var climbing = await RawConnection.RequestAsync(hub.Url, "GET /t/demo/../../x HTTP/1.1\r\nHost: a.test\r\nAccept: text/html\r\n\r\n");
        Assert.Equal((400, "Ours: invalid_target"), (climbing.Status, climbing.Text));

        using var program = await GetAsync(hub, "/t/nobody/", "application/json");
        Assert.Equal("application/problem+json", program.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task FolderWithoutPages_IsAnErrorWithItsRemedy()
    {
        using var empty = new TempFolder();
        var nothingIn = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHub.StartAsync(setup => setup.Settings["Tunnel:Relay:ErrorPages"] = empty.Path));
        Assert.Contains($"Tunnel:Relay:ErrorPages cannot be used. The folder '{empty.Path}' has no page", nothingIn.Message, StringComparison.Ordinal);
        Assert.Contains("Put error.html there", nothingIn.Message, StringComparison.Ordinal);

        var missing = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestHub.StartAsync(setup => setup.Settings["Tunnel:Relay:ErrorPages"] = "pages"));
        Assert.Matches("There is no folder '/.*/pages'. Make it", missing.Message);
    }

    [Fact]
    public async Task Handler_MayAnswerItself_OrLeaveItToTheDefault()
    {
        await using var hub = await StartAsync(async error =>
        {
            error.HttpContext.Response.Headers["X-Seen"] = $"{error.StatusCode} {error.Code} {error.RetryAfter?.TotalSeconds ?? 0}";
            if (!error.HttpContext.Request.Query.ContainsKey("own"))
            {
                return false;
            }

            await error.HttpContext.Response.WriteAsync($"In our words: {error.Title}");
            return true;
        });

        using var own = await GetAsync(hub, "/t/nobody/?own", "text/html");
        Assert.Equal((HttpStatusCode.NotFound, "In our words: There is no tunnel at this address."), (own.StatusCode, await own.Content.ReadAsStringAsync(Stop)));
        Assert.True(own.Headers.CacheControl?.NoStore);

        using var left = await GetAsync(hub, "/t/nobody/", "application/json");
        Assert.Equal("404 no_such_tunnel 0", left.Headers.GetValues("X-Seen").Single());
        Assert.Equal("application/problem+json", left.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task HandlerThatFails_LeavesTheDefaultAndOneLogLine()
    {
        using var log = new LogWatch();
        await using var hub = await StartAsync(
            error =>
            {
                error.HttpContext.Response.StatusCode = 200;
                error.HttpContext.Response.Headers["X-Half"] = "done";
                throw new InvalidOperationException("a template is missing");
            },
            log);

        using var response = await GetAsync(hub, "/t/nobody/", "application/json");

        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.False(response.Headers.Contains("X-Half"));
        Assert.Contains("no_such_tunnel", await log.Said("ErrorHandlerFailed").Soon(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HandlerThatFailsInItsAnswer_BreaksItOff()
    {
        await using var hub = await StartAsync(async error =>
        {
            await error.HttpContext.Response.WriteAsync("half");
            await error.HttpContext.Response.Body.FlushAsync(Stop);
            throw new InvalidOperationException("the other half is missing");
        });

        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(hub, "/t/nobody/", "application/json"));
    }

    private static Task<TestHub> StartAsync(Func<TunnelVisitorError, ValueTask<bool>> handler, LogWatch? log = null) => TestHub.StartAsync(setup =>
        setup.Build = builder =>
        {
            if (log is not null)
            {
                builder.Logging.AddProvider(log);
            }

            builder.Services.AddTunnelRelay(relay => relay.OnVisitorError = handler);
        });

    private static async Task<HttpResponseMessage> GetAsync(TestHub hub, string path, string accept)
    {
        using var client = TestHub.CreateClient(hub.Url);
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", accept } } };
        return await client.SendAsync(request, Stop).Soon();
    }
}
