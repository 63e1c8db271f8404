using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>Waits for a log event of an app, where that is what an operator has to go by.</summary>
internal sealed class LogWatch : ILoggerProvider, ILogger
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _events = [];

    /// <summary>The text of the first event with this name.</summary>
    public Task<string> Said(string name) => Event(name).Task;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name is { } name)
        {
            Event(name).TrySetResult(formatter(state, exception));
        }
    }

    public void Dispose()
    {
    }

    private TaskCompletionSource<string> Event(string name) =>
        _events.GetOrAdd(name, static _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
}
