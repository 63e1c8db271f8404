using System.Threading.Tasks.Sources;

namespace Tunnel.Wire.Session;

/// <summary>
/// An auto-reset event for one waiter at a time that allocates nothing per wait. Continuations run on the thread pool, never on the
/// thread that sets it, so the receiving loop cannot end up in application code.
/// </summary>
internal sealed class Signal : IValueTaskSource
{
    private const int Unset = 0;
    private const int IsSet = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    public ValueTask WaitAsync()
    {
        if (Volatile.Read(ref _state) == Waiting)
        {
            throw new InvalidOperationException("Somebody else waits already.");
        }

        // Before anybody can see that somebody waits: whoever sets it then completes this wait.
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Unset) == Unset)
        {
            return new ValueTask(this, _core.Version);
        }

        // With a full fence: what the waiter looks at next must not be older than a set that is taken for this one.
        Interlocked.Exchange(ref _state, Unset);
        return ValueTask.CompletedTask;
    }

    public void Set()
    {
        if (Interlocked.CompareExchange(ref _state, IsSet, Unset) == Waiting
            && Interlocked.CompareExchange(ref _state, Unset, Waiting) == Waiting)
        {
            _core.SetResult(true);
        }
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
