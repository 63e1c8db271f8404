using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>A gibibyte passes whole, and never more of it than a window is in memory.</summary>
[Collection(nameof(Alone))]
public sealed class LargeBodyTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    private const long Size = 1024L * 1024 * 1024;

    /// <summary>
    /// Windows of 16 MiB at the hub and at the agent, what the garbage collector has not looked at yet, and the test's own: far from the
    /// gibibyte that a body which waits somewhere would take.
    /// </summary>
    private const long MostGrowth = 192L * 1024 * 1024;

    [Theory]
    [InlineData(Via.InProcessByPath)]
    [InlineData(Via.ForwardedByPath)]
    public async Task Download(Via via)
    {
        var served = rig.Serve(context => Pattern.WriteAsync(context.Response.Body, Size));
        using var client = TestHub.CreateClient(rig[via].Address);
        using var request = Request(HttpMethod.Get, served);

        var growth = await GrowthAsync(async () =>
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TunnelPair.Stop).Soon();
            await using var body = await response.Content.ReadAsStreamAsync(TunnelPair.Stop);
            Assert.Equal(Size, await CountAsync(body));
        });

        Assert.InRange(growth, long.MinValue, MostGrowth);
    }

    [Theory]
    [InlineData(Via.InProcessByPath)]
    [InlineData(Via.ForwardedByPath)]
    public async Task Upload(Via via)
    {
        var served = rig.Serve(async context =>
        {
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
            await context.Response.WriteAsync($"{await CountAsync(context.Request.Body)}");
        });
        using var client = TestHub.CreateClient(rig[via].Address);
        using var request = Request(HttpMethod.Post, served);
        request.Content = new PatternContent();

        var growth = await GrowthAsync(async () =>
        {
            using var response = await client.SendAsync(request, TunnelPair.Stop);
            Assert.Equal($"{Size}", await response.Content.ReadAsStringAsync(TunnelPair.Stop));
        });

        Assert.InRange(growth, long.MinValue, MostGrowth);
    }

    private static Task<long> CountAsync(Stream body) => Pattern.CheckAsync(memory => body.ReadAsync(memory, TunnelPair.Stop).AsTask());

    private static HttpRequestMessage Request(HttpMethod method, string header)
    {
        var request = new HttpRequestMessage(method, string.Empty);
        request.Headers.Add(CaseApp.HeaderName, header.Split(": ")[1]);
        return request;
    }

    /// <summary>By how much the heap has been larger than before, at most.</summary>
    private static async Task<long> GrowthAsync(Func<Task> transfer)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = before;
        using var sampling = new Timer(_ => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false)), null, 0, 20);
        await transfer();
        return most - before;
    }

    private sealed class PatternContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Pattern.WriteAsync(stream, Size);

        protected override bool TryComputeLength(out long length)
        {
            length = Size;
            return true;
        }
    }
}

/// <summary>What measures the process has it to itself.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
