using Microsoft.Extensions.Logging;
using Tunnel.Cli.Arguments;

namespace Tunnel.Cli.Sharing;

/// <summary>Reports what the agent warns of: why the local server gives no answers, and what helps.</summary>
internal sealed class ShareWarnings(IShareReport report) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            report.Warning(SettingNames.ToAgentOptions(formatter(state, exception)));
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Dispose()
    {
    }
}
