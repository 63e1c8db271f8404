using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>Answers <c>/slow</c> in two parts, with the second when the test says so, and everything else at once with the agent's number.</summary>
internal sealed class TwoPartApp
{
    private int _slow;
    private int _quick;

    public Gate Release { get; } = new();

    /// <summary>Opened by the first other request.</summary>
    public Gate Asked { get; } = new();

    /// <summary>Requests for <c>/slow</c> that were begun.</summary>
    public int Slow => Volatile.Read(ref _slow);

    /// <summary>Other requests.</summary>
    public int Quick => Volatile.Read(ref _quick);

    /// <summary>Opened when the app is told that a visitor of <c>/slow</c> is gone.</summary>
    public Gate Aborted { get; } = new();

    public bool WasAborted => Aborted.Opened.IsCompleted;

    public void Map(WebApplication app, int number) => app.Run(context => context.Request.Path == "/slow" ? SlowAsync(context) : QuickAsync(context, number));

    /// <summary>Opens <c>/slow</c> and waits until its first part is there.</summary>
    public static async Task<OpenResponse> OpenAsync(VirtualAgent agent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, agent.Target("/slow"));
        var response = await agent.SendAsync(request).Soon();
        var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var first = new byte[5];
        await body.ReadExactlyAsync(first, TestContext.Current.CancellationToken).AsTask().Soon();
        Assert.Equal("first"u8.ToArray(), first);
        return new OpenResponse(response, new StreamReader(body));
    }

    private async Task SlowAsync(HttpContext context)
    {
        Interlocked.Increment(ref _slow);
        using var onAborted = context.RequestAborted.Register(() =>
        {
            Aborted.Open();
            Release.Open();
        });
        await context.Response.WriteAsync("first");
        await context.Response.Body.FlushAsync();
        await Release.Opened.Soon();
        await context.Response.WriteAsync("|last");
    }

    private Task QuickAsync(HttpContext context, int number)
    {
        Interlocked.Increment(ref _quick);
        Asked.Open();
        return context.Response.WriteAsync($"agent {number}");
    }
}

/// <summary>A visitor's response of which the first part has come.</summary>
internal sealed record OpenResponse(HttpResponseMessage Response, StreamReader Body) : IDisposable
{
    public async Task AssertGoesOnAsync() => Assert.Equal("|last", await Body.ReadToEndAsync(TestContext.Current.CancellationToken).Soon());

    /// <summary>It breaks off, and does not look as if it were whole.</summary>
    public Task AssertIsCutAsync() => Assert.ThrowsAnyAsync<Exception>(() => Body.ReadToEndAsync(TestContext.Current.CancellationToken).Soon());

    public void Dispose()
    {
        Body.Dispose();
        Response.Dispose();
    }
}
