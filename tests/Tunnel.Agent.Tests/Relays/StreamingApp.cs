using Microsoft.AspNetCore.Http;

namespace Tunnel.Agent.Tests.Relays;

/// <summary>Answers in two pieces, with a wait in between.</summary>
internal sealed class StreamingApp
{
    /// <summary>Bytes that stand before the wait, for a visitor that does not read.</summary>
    public int Padding { get; init; }

    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Aborted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool WasAborted => Aborted.Task.IsCompleted;

    public async Task ServeAsync(HttpContext context)
    {
        using var onAborted = context.RequestAborted.Register(Aborted.SetResult);
        await context.Response.WriteAsync("first");
        await context.Response.Body.FlushAsync();
        await context.Response.Body.WriteAsync(new byte[Padding]);
        await Task.WhenAny(Release.Task, Aborted.Task);
        await context.Response.WriteAsync("|last");
    }
}
