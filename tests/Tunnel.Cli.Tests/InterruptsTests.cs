using System.Runtime.InteropServices;

namespace Tunnel.Cli.Tests;

public sealed class InterruptsTests
{
    [Fact]
    public void FirstCtrlCStopsAndSecondEndsTheProcess()
    {
        var exits = new List<int>();
        using var interrupts = new Interrupts(exits.Add, TestContext.Current.CancellationToken);

        var first = new PosixSignalContext(PosixSignal.SIGINT);
        interrupts.OnSignal(first);
        Assert.True(first.Cancel); // else the system ends the process
        Assert.True(interrupts.Token.IsCancellationRequested);
        Assert.Empty(exits);

        interrupts.OnSignal(new PosixSignalContext(PosixSignal.SIGINT));
        Assert.Equal([ExitCode.Ok], exits);
    }

    [Fact]
    public void ServiceManagerThatAsksTwiceStillLetsRequestsFinish()
    {
        var exits = new List<int>();
        using var interrupts = new Interrupts(exits.Add, TestContext.Current.CancellationToken);

        interrupts.OnSignal(new PosixSignalContext(PosixSignal.SIGTERM));
        interrupts.OnSignal(new PosixSignalContext(PosixSignal.SIGTERM));

        Assert.True(interrupts.Token.IsCancellationRequested);
        Assert.Empty(exits);
    }
}
