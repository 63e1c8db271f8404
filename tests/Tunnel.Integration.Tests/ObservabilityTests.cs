using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>To the app's metrics, traces and logs a tunnelled request is one like any other.</summary>
public sealed class ObservabilityTests
{
    private const string Request =
        "POST /t/demo/items/7?x=1 HTTP/1.1\r\nHost: any.test\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
        + "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b\r\n{0}\r\nhi";

    [Theory]
    [InlineData("", "http.response.status_code=200")]
    [InlineData("X-Throw: 1\r\n", "error.type=System.InvalidOperationException")]
    [InlineData("X-Status: 418\r\n", "http.response.status_code=418")]
    public async Task MetricActivityAndLog_AreThoseOfADirectRequest(string header, string expectedTag)
    {
        using var recorder = new RequestRecorder();
        await using var pair = await TunnelPair.StartAsync(
            app =>
            {
                app.UseWhen(context => !context.Request.PathBase.HasValue, direct => direct.UsePathBase(TunnelPair.Prefix));
                app.UseRouting();
                app.MapPost("/items/{id}", async (HttpContext context, string id) =>
                {
                    if (context.Request.Headers["X-Throw"].Count > 0)
                    {
                        throw new InvalidOperationException("The app fails.");
                    }

                    context.Response.StatusCode = int.TryParse(context.Request.Headers["X-Status"], out var status) ? status : 200;
                    context.Response.ContentType = "text/plain";
                    context.Response.ContentLength = id.Length;
                    await context.Response.WriteAsync(id);
                });
            },
            device: device => device.Build = builder => builder.Logging.AddProvider(recorder).SetMinimumLevel(LogLevel.Information));
        recorder.Watch(pair.Device.App.Services);
        var request = Request.Replace("{0}", header, StringComparison.Ordinal);

        await RawConnection.RequestAsync(pair.Device.Url, request);
        var direct = await recorder.TakeAsync();
        await RawConnection.RequestAsync(pair.Hub.Url, request);
        var tunnelled = await recorder.TakeAsync();

        // Nothing but the path base needs an exception: the Host header is the same, and addresses and ports of connections stand in none of these.
        // Through the tunnel it is set before the request starts, by UsePathBase only after hosting has logged the start.
        Assert.Equal(direct.Select(WithoutPathBase), tunnelled.Select(WithoutPathBase));
        Assert.Contains(tunnelled, entry => entry.StartsWith("metric", StringComparison.Ordinal)
            && entry.Contains("http.route=/items/{id}", StringComparison.Ordinal) && entry.Contains(expectedTag, StringComparison.Ordinal));
        Assert.Contains(tunnelled, entry => entry.Contains("Microsoft.AspNetCore.Hosting.HttpRequestIn", StringComparison.Ordinal)
            && entry.Contains("0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", StringComparison.Ordinal));
        Assert.Equal(2, tunnelled.Count(entry => entry.StartsWith("log", StringComparison.Ordinal)));
    }

    private static string WithoutPathBase(string entry) => entry
        .Replace("PathBase=/t/demo", "PathBase=", StringComparison.Ordinal)
        .Replace("Path=/t/demo/", "Path=/", StringComparison.Ordinal);
}
