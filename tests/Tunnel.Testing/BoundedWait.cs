namespace Tunnel.Testing;

/// <summary>Waits that fail instead of hanging.</summary>
internal static class BoundedWait
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Task InTime(this Task task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken);

    public static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken);

    public static Task<T> InTime<T>(this ValueTask<T> task) => task.AsTask().InTime();
}
