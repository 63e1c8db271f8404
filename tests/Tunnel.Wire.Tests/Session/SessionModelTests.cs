using FsCheck;
using FsCheck.Fluent;
using Tunnel.Wire.Tests.Fuzz;

namespace Tunnel.Wire.Tests.Session;

/// <summary>Two sessions against a reference model, in random interleavings of everything that can happen to them.</summary>
public sealed class SessionModelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60); // of sixteen scripts at once on a busy machine

    [Fact]
    public void Sessions_UnderAnyScript_DoWhatTheModelSays()
    {
        var step =
            from what in Gen.Choose(0, 255)
            from which in Gen.Choose(0, 255)
            from amount in Gen.Frequency((6, Gen.Choose(0, 400)), (3, Gen.Choose(0, 20_000)), (1, Gen.Choose(0, ushort.MaxValue)))
            select new ScriptStep((byte)what, (byte)which, (ushort)amount);
        var scripts = step.ArrayOf().Resize(60).ToArbitrary();
        var config = Config.QuickThrowOnFailure.WithMaxTest(FuzzEffort.Scripts).WithEndSize(80)
            .WithParallelRunConfig(new ParallelRunConfig(16)); // a script mostly waits, for acknowledgements
        Prop.ForAll(scripts, steps => PlayAsync(steps).GetAwaiter().GetResult()).Check(config);
    }

    private static async Task PlayAsync(ScriptStep[] steps)
    {
        await using var script = new SessionScript(budget: 256L * 1024 * 1024);
        try
        {
            await script.RunAsync(steps).WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            Assert.Fail("Stands still: " + script);
        }
    }
}
