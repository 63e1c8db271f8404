using System.Runtime.InteropServices;

namespace Tunnel.Cli;

/// <summary>
/// The first Ctrl+C, or the system's request to end, stops the command, which lets open requests finish; whoever presses Ctrl+C again does
/// not want to wait. The command line's own handler knows no second time: it waits in the first one.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly Action<int> _exit;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _termination;

    /// <param name="exit">Ends the process with an exit code.</param>
    /// <param name="cancellationToken">Stops the command as well.</param>
    public Interrupts(Action<int> exit, CancellationToken cancellationToken)
    {
        _exit = exit;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    /// <summary>Cancelled by the first of them.</summary>
    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _termination.Dispose();
        _stop.Dispose();
    }

    /// <summary>Takes a signal; on a thread of its own, and several at once.</summary>
    internal void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true; // the process ends by itself
        if (context.Signal == PosixSignal.SIGINT && _stop.IsCancellationRequested)
        {
            _exit(ExitCode.Ok);
        }

        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command has ended already.
        }
    }
}
