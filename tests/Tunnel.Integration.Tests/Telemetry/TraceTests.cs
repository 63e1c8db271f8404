using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Telemetry;

/// <summary>A visitor's trace goes through hub, agent and app, where somebody traces; and untouched where nobody does.</summary>
public sealed class TraceTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task InProcess_AppsActivityIsAChildOfTheHubs()
    {
        using var trace = new TraceRecorder();
        var seen = new TaskCompletionSource<(Activity? Current, string Parent, string State)>();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
        {
            seen.SetResult((Activity.Current, context.Request.Headers.TraceParent.ToString(), context.Request.Headers.TraceState.ToString()));
            return context.Response.WriteAsync("here");
        }));

        await GetAsync(pair.Hub.Url, $"/t/demo/items?secret=1", trace, "tracestate: vendor=1\r\nbaggage: user=7\r\n");
        var chain = await trace.TakeAsync(3);
        var (current, parent, state) = await seen.Task.Soon();

        Assert.Equal(
            [
                ("Microsoft.AspNetCore.Hosting.HttpRequestIn", ActivityKind.Server), ("Tunnel.Relay.Exchange", ActivityKind.Client),
                ("Microsoft.AspNetCore.Hosting.HttpRequestIn", ActivityKind.Server),
            ],
            chain.Select(activity => (activity.OperationName, activity.Kind)));
        Assert.Equal($"00-{trace.Id}-{chain[1].SpanId}-01", parent);
        Assert.Equal("vendor=1", state);
        Assert.Equal(chain[2].SpanId, current?.SpanId);
        Assert.Equal("7", current?.GetBaggageItem("user"));
        Assert.Equal(
            [
                "http.request.method=GET", "http.response.status_code=200", "network.protocol.version=1.1", "server.address=any.test",
                "server.port=80", "tunnel.slug=demo", "url.full=http://any.test/t/demo/items?*",
            ],
            Tags(chain[1]));
        Assert.Equal(("GET", ActivityStatusCode.Unset), (chain[1].DisplayName, chain[1].Status));
        TelemetryTable.AssertActivities(chain);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("h2c")]
    public async Task Forwarded_TargetsActivityIsAChildOfTheAgents(string scheme)
    {
        using var trace = new TraceRecorder();
        await using var target = await StartTargetAsync(scheme, context =>
        {
            context.Response.StatusCode = 404;
            return context.Response.WriteAsync(context.Request.Headers.TraceParent.ToString());
        });
        await using var pair = await TunnelPair.StartAsync(_ => { }, device: device => device.Agent = agent =>
            agent.ForwardTo = new UriBuilder(target.Url) { Scheme = scheme }.Uri);

        var response = await GetAsync(pair.Hub.Url, "/t/demo/items?secret=1", trace, "tracestate: vendor=1\r\nbaggage: user=7\r\n");
        var chain = await trace.TakeAsync(5);

        Assert.Equal(
            [
                ("Microsoft.AspNetCore.Hosting.HttpRequestIn", ActivityKind.Server), ("Tunnel.Relay.Exchange", ActivityKind.Client),
                ("Tunnel.Agent.Exchange", ActivityKind.Server), ("Tunnel.Agent.Forward", ActivityKind.Client),
                ("Microsoft.AspNetCore.Hosting.HttpRequestIn", ActivityKind.Server),
            ],
            chain.Select(activity => (activity.OperationName, activity.Kind)));
        Assert.Equal($"00-{trace.Id}-{chain[3].SpanId}-01", response.Text);
        Assert.All(chain, activity => Assert.Equal("vendor=1", activity.TraceStateString));
        Assert.Equal("7", chain[4].GetBaggageItem("user"));
        Assert.Equal(
            [
                "http.request.method=GET", "http.response.status_code=404", "network.protocol.version=1.1", "server.address=any.test",
                "url.path=/t/demo/items", "url.scheme=http",
            ],
            Tags(chain[2]));
        Assert.Equal(
            [
                "error.type=404", "http.request.method=GET", "http.response.status_code=404", $"network.protocol.version={(scheme == "h2c" ? "2" : "1.1")}",
                "server.address=127.0.0.1", $"server.port={target.Url.Port}", $"url.full={target.Url}items?*",
            ],
            Tags(chain[3]));
        Assert.Equal((ActivityStatusCode.Unset, ActivityStatusCode.Error), (chain[2].Status, chain[3].Status));
        TelemetryTable.AssertActivities(chain);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NobodyTakesTheTrace_HeadersPassByteForByte(bool isForwarded)
    {
        using var trace = new TraceRecorder(takes: false);
        string[] sent =
        [
            $"traceparent: 00-{trace.Id}-{trace.Visitor}-00", "tracestate: b=2 ,  a=1;x", "tracestate: c=3", "baggage: a = %20b;p=1 , c=d",
            "Correlation-Context: x=y", "Request-Id: |7.1.",
        ];
        Task Echo(HttpContext context) => context.Response.WriteAsync(string.Join('\n', context.Request.Headers
            .Where(header => sent.Any(line => line.StartsWith(header.Key + ":", StringComparison.OrdinalIgnoreCase)))
            .SelectMany(header => header.Value.Select(value => $"{header.Key.ToLowerInvariant()}: {value}"))));
        await using var target = await StartTargetAsync("http", Echo);
        await using var pair = await TunnelPair.StartAsync(
            app => app.Run(Echo),
            device: device => device.Agent = agent => agent.ForwardTo = isForwarded ? target.Url : null);

        var response = await RawConnection.RequestAsync(
            pair.Hub.Url, $"GET /t/demo/ HTTP/1.1\r\nHost: any.test\r\n{string.Join("\r\n", sent)}\r\n\r\n");

        Assert.Equal(sent.Select(line => line.ToLowerInvariant()).Order(), response.Text.ToLowerInvariant().Split('\n').Order());
        Assert.Equal(0, trace.Count);
    }

    [Fact]
    public async Task TargetThatDoesNotAnswer_IsMarkedWithTheErrorsCode()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // and does not listen
        using var trace = new TraceRecorder();
        await using var pair = await TunnelPair.StartAsync(
            _ => { }, device: device => device.Agent = agent => agent.ForwardTo = new Uri($"http://{nobody.LocalEndPoint}/"));

        await GetAsync(pair.Hub.Url, "/t/demo/", trace);
        var chain = await trace.TakeAsync(4);

        Assert.Equal("502 target_unreachable Error", Outcome(chain[1]));
        Assert.Equal(" target_unreachable Error", Outcome(chain[2]));
        Assert.Equal(" target_unreachable Error", Outcome(chain[3]));
        TelemetryTable.AssertActivities(chain);
    }

    [Fact]
    public async Task AppThatBreaksOff_IsMarkedAndSoIsAVisitorWhoDoesNotWait()
    {
        using var broken = new TraceRecorder();
        using var left = new TraceRecorder();
        var arrived = new Gate();
        await using var pair = await TunnelPair.StartAsync(app => app.Run(async context =>
        {
            if (context.Request.Path == "/wait")
            {
                arrived.Open();
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            context.Abort();
        }));

        await GetAsync(pair.Hub.Url, "/t/demo/", broken);
        using (var visitor = await RawConnection.OpenAsync(pair.Hub.Url))
        {
            await visitor.SendAsync(Request("/t/demo/wait", left));
            await arrived.Opened.Soon();
            visitor.Reset();
        }

        Assert.Equal("502 agent_failed Error", Outcome((await broken.TakeAsync(3))[1]));
        Assert.Equal(" visitor_left Error", Outcome((await left.TakeAsync(3))[1]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WebSocket_IsOneSpanFromItsHandshakeToItsEnd(bool isForwarded)
    {
        using var trace = new TraceRecorder();
        async Task EchoOnce(HttpContext context)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var message = await socket.ReceiveAsync(new byte[16], Stop);
            await socket.SendAsync("back"u8.ToArray(), message.MessageType, endOfMessage: true, Stop);
            await socket.ReceiveAsync(new byte[16], Stop);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Stop);
        }

        await using var target = await StartTargetAsync("http", EchoOnce);
        await using var pair = await TunnelPair.StartAsync(
            app =>
            {
                app.UseWebSockets();
                app.Run(EchoOnce);
            },
            device: device => device.Agent = agent => agent.ForwardTo = isForwarded ? target.Url : null);
        using var visitor = new ClientWebSocket();
        visitor.Options.SetRequestHeader("traceparent", trace.TraceParent);
        using var client = TestHub.CreateClient(pair.Hub.Url);

        await visitor.ConnectAsync(new UriBuilder(pair.PublicUrl) { Scheme = "ws" }.Uri, client, Stop);
        await visitor.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Stop);
        await visitor.ReceiveAsync(new byte[16], Stop);
        Assert.Equal(0, trace.Count);
        await visitor.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Stop);
        var chain = await trace.TakeAsync(isForwarded ? 5 : 3);

        Assert.All(chain[1..^1], activity => Assert.Equal("101  Unset", Outcome(activity)));
    }

    private static async Task<RawResponse> GetAsync(Uri hub, string target, TraceRecorder trace, string headers = "") =>
        await RawConnection.RequestAsync(hub, Request(target, trace, headers));

    private static string Request(string target, TraceRecorder trace, string headers = "") =>
        $"GET {target} HTTP/1.1\r\nHost: any.test\r\ntraceparent: {trace.TraceParent}\r\n{headers}\r\n";

    private static Task<TestHub> StartTargetAsync(string scheme, RequestDelegate serve) => TestHub.StartAsync(setup =>
    {
        setup.Build = builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(
            endpoint => endpoint.Protocols = scheme == "h2c" ? HttpProtocols.Http2 : HttpProtocols.Http1));
        setup.Pipeline = app =>
        {
            app.UseWebSockets();
            app.Run(serve);
        };
    });

    private static IEnumerable<string> Tags(Activity activity) => activity.TagObjects
        .Select(tag => string.Create(CultureInfo.InvariantCulture, $"{tag.Key}={tag.Value}"))
        .Order(StringComparer.Ordinal);

    private static string Outcome(Activity activity) =>
        $"{activity.GetTagItem("http.response.status_code")} {activity.GetTagItem("error.type")} {activity.Status}";
}
