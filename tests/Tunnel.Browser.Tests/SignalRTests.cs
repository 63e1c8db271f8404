using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Browser.Tests.NodeApps;
using Tunnel.Browser.Tests.Visitors;

namespace Tunnel.Browser.Tests;

/// <summary>An ASP.NET Core app with SignalR, served in-process: with every transport, by HTTP/1.1 and HTTP/2, and in path mode too.</summary>
public sealed class SignalRTests(SharedChromium chromium)
{
    [Theory]
    [InlineData("WebSockets", Way.Subdomain)]
    [InlineData("WebSockets", Way.SecureSubdomain)]
    [InlineData("WebSockets", Way.Path)]
    [InlineData("ServerSentEvents", Way.Subdomain)]
    [InlineData("ServerSentEvents", Way.SecureSubdomain)]
    [InlineData("ServerSentEvents", Way.Path)]
    [InlineData("LongPolling", Way.Subdomain)]
    [InlineData("LongPolling", Way.SecureSubdomain)]
    [InlineData("LongPolling", Way.Path)]
    public async Task Calls_Streams_AndReconnects(string transport, Way way)
    {
        var folder = await NodePackages.InstallAsync("signalr");
        await using var app = await PublicApp.StartAsync(device =>
        {
            device.Build = builder => builder.Services.AddSignalR();
            device.Pipeline = app => Map(app, folder);
        });
        var address = new Uri(app.At(way), $"?transport={transport}");
        await using var first = await chromium.OpenAsync(address);
        await using var second = await chromium.OpenAsync(address);
        await first.SeesAsync("transport", transport);
        await second.SeesAsync("transport", transport);

        await first.ClickAsync("say");
        await first.SeesAsync("answer", "heard grüße");
        await second.SeesAsync("said", "grüße");
        await first.ClickAsync("count");
        await first.SeesAsync("counted", "1 2 3 4 5");

        first.AssertNoProblems();
        if (way == Way.SecureSubdomain)
        {
            // WebSockets included: an extended CONNECT (RFC 8441), where the browser has a connection to the hub.
            Assert.Contains(transport == "WebSockets" ? "HTTP/2 CONNECT" : "HTTP/2 POST", app.Requests);
        }

        await first.ClickAsync("close");
        await first.SeesAsync("connections", "2");
        await second.ClickAsync("say");
        await first.SeesAsync("said", "grüße");
        await first.PictureAsync($"signalr-{transport}-{way}");
        first.AssertNoProblems(problem => transport != "WebSockets" && IsOfClosedConnection(problem));
        second.AssertNoProblems();
    }

    /// <summary>The client gives its open poll, or event stream, up and deletes the connection, which may be gone already: so without a tunnel, too.</summary>
    private static bool IsOfClosedConnection(string problem) => problem.Contains("/hub?id=", StringComparison.Ordinal)
        && (problem.Contains("ERR_ABORTED", StringComparison.Ordinal) || problem.Contains("404", StringComparison.Ordinal));

    private static void Map(WebApplication app, string folder)
    {
        app.MapGet("/", async context =>
        {
            var page = await File.ReadAllTextAsync(Path.Combine(folder, "index.html"));
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync(page.Replace("{{base}}", context.Request.PathBase, StringComparison.Ordinal));
        });
        app.MapGet("/signalr.js", () => Results.File(
            Path.Combine(folder, "node_modules", "@microsoft", "signalr", "dist", "browser", "signalr.min.js"), "text/javascript"));
        app.MapHub<TalkHub>("/hub");
    }

    private sealed class TalkHub : Hub
    {
        public string Transport() => Context.Features.GetRequiredFeature<IHttpTransportFeature>().TransportType.ToString();

        public async Task<string> Say(string text)
        {
            await Clients.Others.SendAsync("said", text);
            return $"heard {text}";
        }

        public async IAsyncEnumerable<int> Count(int most, [EnumeratorCancellation] CancellationToken stopping)
        {
            for (var number = 1; number <= most; number++)
            {
                yield return number;
                await Task.Delay(20, stopping);
            }
        }

        /// <summary>Ends the connection in a way that lets the client come back.</summary>
        public void CloseMe() => Context.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
    }
}
