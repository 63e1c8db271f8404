using System.IO.Compression;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>What an app's code may count on under any server.</summary>
public sealed class AppFeatureTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OnStartingAndOnCompleted_RunOnceLastFirst()
    {
        var calls = new List<string>();
        var completed = new Gate();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            void Add(string call) => calls.Add($"{call} {context.Response.HasStarted}");
            foreach (var name in new[] { "a", "b" })
            {
                context.Response.OnStarting(() =>
                {
                    Add("starting " + name);
                    context.Response.Headers["X-" + name] = "1";
                    return Task.CompletedTask;
                });
                context.Response.OnCompleted(() =>
                {
                    Add("completed " + name);
                    if (name == "a")
                    {
                        completed.Open();
                    }

                    return Task.CompletedTask;
                });
            }

            return context.Response.WriteAsync("x");
        }));

        using var response = await pair.Visitor.GetAsync(string.Empty, Stop).Soon();
        await completed.Opened.Soon();

        Assert.True(response.Headers.Contains("X-a") && response.Headers.Contains("X-b"));
        Assert.Equal(["starting b False", "starting a False", "completed b True", "completed a True"], calls);
    }

    [Fact]
    public async Task Services_AreScopedToTheRequestAndDisposedAfterIt()
    {
        var disposed = new Gate();
        await using var pair = await TunnelPair.StartAsync(
            app => app.MapGet("/", (HttpContext context, Scoped one, IHttpContextAccessor accessor) =>
            {
                one.Gate = disposed;
                return $"{ReferenceEquals(one, context.RequestServices.GetRequiredService<Scoped>())}|{ReferenceEquals(accessor.HttpContext, context)}|{one.Id}";
            }),
            device: device => device.Build = builder => builder.Services.AddScoped<Scoped>().AddHttpContextAccessor());

        var first = await pair.Visitor.GetStringAsync(string.Empty, Stop).Soon();
        await disposed.Opened.Soon();
        var second = await pair.Visitor.GetStringAsync(string.Empty, Stop).Soon();

        Assert.StartsWith("True|True|", first, StringComparison.Ordinal);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task ResponseCompression_ReplacesTheBodyFeature()
    {
        var text = string.Concat(Enumerable.Repeat("compress me ", 10_000));
        await using var pair = await TunnelPair.StartAsync(
            app =>
            {
                app.UseResponseCompression();
                app.MapGet("/", () => Results.Text(text));
            },
            device: device => device.Build = builder => builder.Services.AddResponseCompression());
        using var request = new HttpRequestMessage(HttpMethod.Get, string.Empty);
        request.Headers.AcceptEncoding.ParseAdd("gzip");

        using var response = await pair.Visitor.SendAsync(request, Stop).Soon();
        await using var body = new GZipStream(await response.Content.ReadAsStreamAsync(Stop), CompressionMode.Decompress);

        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        Assert.Equal(text, await new StreamReader(body).ReadToEndAsync(Stop).Soon());
    }

    [Fact]
    public async Task Features_SetByMiddleware_AreGoneInTheNextRequest()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            var earlier = context.Features.Get<Marker>();
            context.Features.Set(new Marker());
            context.Items["marker"] = earlier;
            context.Features.Set<IHttpRequestFeature>(new HttpRequestFeature { Method = "REPLACED", Path = "/" });
            return context.Response.WriteAsync($"{earlier is null} {context.Request.Method}");
        }));

        for (var turn = 0; turn < 3; turn++)
        {
            Assert.Equal("True REPLACED", await pair.Visitor.GetStringAsync(string.Empty, Stop).Soon());
        }
    }

    [Fact]
    public async Task RequestCompleted_TellsTheAppWhatWentThrough()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context => context.Response.WriteAsync("12345")));
        var seen = new TaskCompletionSource<TunnelRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Agent.RequestCompleted += request => seen.TrySetResult(request);

        await pair.Visitor.GetStringAsync("a/b%20c?secret=1", Stop).Soon();

        var request = await seen.Task.Soon();
        Assert.Equal(("GET", "/a/b%20c", 200, 5, TunnelRequestOutcome.Completed),
            (request.Method, request.Path, request.StatusCode, request.ResponseBytes, request.Outcome));
    }

    [Fact]
    public async Task RequestUpgraded_TellsTheAppBeforeTheWebSocketEnds()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.UseWebSockets().Run(async context =>
        {
            using var accepted = await context.WebSockets.AcceptWebSocketAsync();
            await accepted.ReceiveAsync(new byte[1], context.RequestAborted);
            await accepted.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
        }));
        var opened = new TaskCompletionSource<TunnelRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
        var completed = new TaskCompletionSource<TunnelRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Agent.RequestUpgraded += request => opened.TrySetResult(request);
        pair.Agent.RequestCompleted += request => completed.TrySetResult(request);
        using var visitor = new ClientWebSocket();

        await visitor.ConnectAsync(new UriBuilder(pair.PublicUrl) { Scheme = "ws", Path = "/t/demo/ws", Query = "secret=1" }.Uri, Stop).Soon();

        var request = await opened.Task.Soon();
        Assert.Equal(("GET", "/ws", 101), (request.Method, request.Path, request.StatusCode));
        Assert.False(completed.Task.IsCompleted);
        await visitor.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Stop).Soon();
        Assert.Equal(101, (await completed.Task.Soon()).StatusCode);
    }

    [Fact]
    public async Task RequestBody_ChunkedAboveTheLimit_Is413()
    {
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(CountAsync), device: device => device.Agent = agent => agent.MaxRequestBodySize = 1000);

        foreach (var (size, expected) in new[] { (1000, 200), (1001, 413) })
        {
            var response = await RawConnection.RequestAsync(pair.Hub.Url,
                $"POST /t/demo/ HTTP/1.1\r\nHost: any.test\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{new string('x', size)}\r\n0\r\n\r\n");

            Assert.Equal(expected, response.Status);
        }
    }

    private static async Task CountAsync(HttpContext context)
    {
        var buffer = new byte[64 * 1024];
        long total = 0;
        while (await context.Request.Body.ReadAsync(buffer) is > 0 and var count)
        {
            total += count;
        }

        await context.Response.WriteAsync($"{total}");
    }

    private sealed class Marker;

    private sealed class Scoped : IDisposable
    {
        public Guid Id { get; } = Guid.NewGuid();

        public Gate? Gate { get; set; }

        public void Dispose() => Gate?.Open();
    }
}
