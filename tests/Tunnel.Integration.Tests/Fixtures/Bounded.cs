using System.Runtime.CompilerServices;
using Tunnel.Agent;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>Waits on signals that fail with the name of what did not come, and never hang a run.</summary>
internal static class Bounded
{
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(20);

    public static Task<T> Soon<T>(this Task<T> task, [CallerArgumentExpression(nameof(task))] string what = "") =>
        task.Within(Most, what);

    public static async Task Soon(this Task task, [CallerArgumentExpression(nameof(task))] string what = "") =>
        await Named(task.WaitAsync(Most, TestContext.Current.CancellationToken), Most, what);

    public static async Task<T> Within<T>(this Task<T> task, TimeSpan most, [CallerArgumentExpression(nameof(task))] string what = "")
    {
        var waiting = task.WaitAsync(most, TestContext.Current.CancellationToken);
        await Named(waiting, most, what);
        return await waiting;
    }

    /// <summary>Waits until the agent's state fulfils a condition; hears of it by the agent's event.</summary>
    public static async Task UntilAsync(
        this ITunnelAgent agent, Func<ITunnelAgent, bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var reached = new Gate();
        void Check(ITunnelAgent changed)
        {
            if (condition(changed))
            {
                reached.Open();
            }
        }

        agent.Changed += Check;
        try
        {
            Check(agent);
            await reached.Opened.Soon(what);
        }
        finally
        {
            agent.Changed -= Check;
        }
    }

    private static async Task Named(Task waiting, TimeSpan most, string what)
    {
        try
        {
            await waiting;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Did not happen within {most.TotalSeconds:0} s: {what}");
        }
    }
}

/// <summary>A signal from one side of a test to the other.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Opened => _source.Task;

    public void Open() => _source.TrySetResult();
}
