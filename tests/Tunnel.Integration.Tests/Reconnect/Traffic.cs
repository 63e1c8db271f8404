using System.Collections.Concurrent;

namespace Tunnel.Integration.Tests.Reconnect;

/// <summary>Visitors who ask again and again, at the same time, from its beginning until it is disposed. Disposing fails with what failed.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentQueue<Exception> _failures = [];
    private readonly Lock _gate = new(); // guards the fields below
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiting = [];
    private readonly Task _visitors;
    private int _count;

    /// <param name="visitors">How many.</param>
    /// <param name="visitAsync">One visit of the visitor with this number; fails when something is wrong.</param>
    public Traffic(int visitors, Func<int, Task> visitAsync) =>
        _visitors = Task.WhenAll(Enumerable.Range(0, visitors).Select(number => Task.Run(() => VisitAsync(number, visitAsync))));

    /// <summary>Visits that were good.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Completes when so many more visits were good, or one was not.</summary>
    public Task WhenMoreAsync(int visits)
    {
        lock (_gate)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((_count + visits, reached));
            return _failures.IsEmpty ? reached.Task : Task.CompletedTask;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _visitors;
        Assert.Empty(_failures);
    }

    private async Task VisitAsync(int number, Func<int, Task> visitAsync)
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                await visitAsync(number);
                Visited(failed: false);
            }
            catch (Exception exception)
            {
                _failures.Enqueue(exception);
                Visited(failed: true);
                return;
            }
        }
    }

    private void Visited(bool failed)
    {
        lock (_gate)
        {
            _count += failed ? 0 : 1;
            foreach (var (_, reached) in _waiting.Where(waiting => failed || waiting.Count <= _count))
            {
                reached.TrySetResult();
            }

            _waiting.RemoveAll(static waiting => waiting.Reached.Task.IsCompleted);
        }
    }
}
