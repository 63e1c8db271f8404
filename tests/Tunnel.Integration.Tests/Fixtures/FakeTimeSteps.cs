namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>Lets time pass for whole apps, in steps, because what a timer began goes on in other threads.</summary>
internal static class FakeTimeSteps
{
    // No test waits for it: it lets the apps run before the next step, so that they are not seen later than they were.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

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
}
