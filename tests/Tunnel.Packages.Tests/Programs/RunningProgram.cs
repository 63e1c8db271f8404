using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;

namespace Tunnel.Packages.Tests.Programs;

/// <summary>A program that is started, heard, and ended with its test.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> _all = new();

    public RunningProgram(string program, string folder, params IEnumerable<string> arguments)
    {
        _process = new Process { StartInfo = FinishedProgram.StartInfo(program, folder, arguments), EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => _lines.Writer.TryComplete();
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What stands behind the mark in the next line that begins with it.</summary>
    public async Task<string> SaysAsync(string mark)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(limit.Token))
            {
                if (line.StartsWith(mark, StringComparison.Ordinal))
                {
                    return line[mark.Length..].Trim();
                }
            }
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            // Told below, with what the program said instead.
        }

        throw new InvalidOperationException($"The program did not say '{mark}':\n{string.Join('\n', _all)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience);
        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is not null)
        {
            _all.Enqueue(line);
            _lines.Writer.TryWrite(line);
        }
    }
}
