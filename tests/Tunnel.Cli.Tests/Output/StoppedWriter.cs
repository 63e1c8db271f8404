namespace Tunnel.Cli.Tests.Output;

/// <summary>A terminal after Ctrl+S: takes nothing until it is told to go on.</summary>
internal sealed class StoppedWriter : CallWriter
{
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _continue = new();

    public Task Stalled => _stalled.Task;

    public void Continue() => _continue.Set();

    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        _stalled.TrySetResult();
        _continue.Wait();
    }

    protected override void Dispose(bool disposing)
    {
        _continue.Set();
        base.Dispose(disposing);
    }
}
