using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Streams of small pieces: each is with the visitor before the app writes the next, however many there are.</summary>
public sealed class EventStreamTests(Http2Rig rig) : IClassFixture<Http2Rig>
{
    /// <summary>What half of the events must keep; the slowest one says more about the machine than about the tunnel.</summary>
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(100);

    public static TheoryData<AppTarget, Listener> Ways => WebSocketTests.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Events_ArriveOneByOneAndAtOnce(AppTarget target, Listener listener)
    {
        await ReadOneByOneAsync(target, listener, "text/event-stream", 1000, i => $"id: {i}\ndata: event {i}\n\n");
        await ReadOneByOneAsync(target, listener, "application/x-ndjson", 100, i => $"{{\"number\":{i}}}\n");
        await ReadOneByOneAsync(target, listener, "application/octet-stream", 100, i => $"{(char)('a' + i % 26)}");
    }

    private async Task ReadOneByOneAsync(AppTarget target, Listener listener, string type, int count, Func<int, string> write)
    {
        using var mayWrite = new SemaphoreSlim(0);
        long writtenAt = 0;
        var handler = rig.Serve(async context =>
        {
            context.Response.ContentType = type;
            await context.Response.Body.FlushAsync(); // the head, before there is any event
            for (var i = 0; i < count; i++)
            {
                await mayWrite.WaitAsync(Bounded.Most, context.RequestAborted);
                Volatile.Write(ref writtenAt, Stopwatch.GetTimestamp());
                await context.Response.WriteAsync(write(i));
                await context.Response.Body.FlushAsync();
            }
        });
        var way = rig[target, listener];
        using var client = Http2Rig.CreateClient(listener);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(way.Address, "events"))
        {
            Version = client.DefaultRequestVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Headers = { Host = way.Host },
        };
        request.Headers.Add(handler.Split(": ")[0], handler.Split(": ")[1]);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TunnelPair.Stop).Soon("the head");
        Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        await using var stream = await response.Content.ReadAsStreamAsync(TunnelPair.Stop);
        var latencies = new List<TimeSpan>();
        var buffer = new byte[1000];
        for (var i = 0; i < count; i++)
        {
            mayWrite.Release();
            var expected = write(i);
            var received = await stream.ReadAtLeastAsync(buffer, expected.Length, throwOnEndOfStream: false, TunnelPair.Stop).AsTask().Soon($"event {i} of {type}");
            latencies.Add(Stopwatch.GetElapsedTime(Volatile.Read(ref writtenAt)));
            Assert.Equal(expected, Encoding.UTF8.GetString(buffer, 0, received));
        }

        Assert.Equal(0, await stream.ReadAsync(buffer, TunnelPair.Stop).AsTask().Soon("the end"));
        latencies.Sort();
        var median = latencies[count / 2];
        Assert.True(
            median < Latency,
            $"{way} by {listener}: half of {count} events of {type} took more than {median.TotalMilliseconds:0.0} ms and the slowest {latencies[^1].TotalMilliseconds:0.0} ms; {Latency.TotalMilliseconds:0} ms are allowed for half of them.");
        TestContext.Current.SendDiagnosticMessage(
            $"{way} by {listener}, {type}: median {median.TotalMilliseconds:0.00} ms, slowest {latencies[^1].TotalMilliseconds:0.0} ms");
    }
}
