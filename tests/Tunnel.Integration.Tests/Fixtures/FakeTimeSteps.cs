namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>Lets time pass for whole apps, in steps, because what a timer began goes on in other threads.</summary>
internal static class FakeTimeSteps
{
    // No test waits for it: it lets the apps run before the next step, so that they are not seen later than they were.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Time of which the wall clock shows the machine's, for a hub whose agents have the system's time.</summary>
    public static FakeTime FromNow()
    {
        var time = new FakeTime();
        time.Jump(DateTimeOffset.UtcNow - time.GetUtcNow());
        return time;
    }

    /// <summary>Lets time pass while an app that has this time is disposed.</summary>
    public static IAsyncDisposable Passing(this FakeTime time, IAsyncDisposable app) => new Disposal(time, app);

    /// <summary>Returns how much time has passed until then.</summary>
    public static async Task<TimeSpan> AdvanceUntilAsync(this FakeTime time, Task happened, TimeSpan step, TimeSpan most)
    {
        var began = time.Elapsed;
        while (await Task.WhenAny(happened, Task.Delay(Pause, TestContext.Current.CancellationToken)) != happened)
        {
            var elapsed = time.Elapsed - began;
            if (elapsed >= most)
            {
                await happened.Soon($"what should happen within {most.TotalSeconds} s");
                break;
            }

            time.Advance(step);
        }

        await happened;
        return time.Elapsed - began;
    }

    private sealed class Disposal(FakeTime time, IAsyncDisposable app) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() =>
            await time.AdvanceUntilAsync(app.DisposeAsync().AsTask(), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
    }
}
