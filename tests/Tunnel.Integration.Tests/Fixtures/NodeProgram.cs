using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>A program of the JavaScript sample in a process of its own, with a working folder of its own.</summary>
internal sealed class NodeProgram : IAsyncDisposable
{
    private static readonly Version Oldest = new(20, 10); // the first with a WebSocket, behind an option
    private static readonly Version WithWebSocket = new(22, 0);
    private static readonly Lazy<(Version? Version, string Problem)> Node = new(FindNode);

    private readonly TempFolder _folder = new();
    private readonly Process _process;
    private readonly Lock _gate = new(); // guards everything below
    private readonly StringBuilder _output = new();
    private readonly List<(string Text, TaskCompletionSource Said)> _waiting = [];

    private NodeProgram(string script, string[] arguments)
    {
        var start = new ProcessStartInfo("node")
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Node.Value.Version < WithWebSocket)
        {
            start.ArgumentList.Add("--experimental-websocket");
        }

        start.ArgumentList.Add(Repository.File("samples", "JavaScriptAgent", script));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Everything that the program has said.</summary>
    public string Output
    {
        get
        {
            lock (_gate)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Skips the test where there is no node that can run the sample.</summary>
    public static NodeProgram Start(string script, params string[] arguments)
    {
        Assert.SkipWhen(Node.Value.Version is null, Node.Value.Problem);
        return new(script, arguments);
    }

    /// <summary>Completes when the program has said a text.</summary>
    public async Task UntilSaidAsync(string text)
    {
        var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((text, said));
            Notify();
        }

        try
        {
            await said.Task.Soon(text);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message}\n{Output}", exception);
        }
    }

    /// <summary>The exit code, when everything was said.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(); // does nothing to one that has ended
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _folder.Dispose();
    }

    private static (Version? Version, string Problem) FindNode()
    {
        try
        {
            using var node = Process.Start(new ProcessStartInfo("node", "--version") { RedirectStandardOutput = true })!;
            var said = node.StandardOutput.ReadToEnd().Trim();
            return Version.TryParse(said.TrimStart('v'), out var version) && version >= Oldest
                ? (version, string.Empty)
                : (null, $"The sample needs node {Oldest} or newer; this machine has '{said}'.");
        }
        catch (Win32Exception)
        {
            return (null, "The sample needs node, which is not on this machine's PATH.");
        }
    }

    private void Keep(string? line)
    {
        lock (_gate)
        {
            _output.Append(line).Append('\n');
            Notify();
        }
    }

    private void Notify()
    {
        var output = _output.ToString();
        foreach (var (text, said) in _waiting)
        {
            if (output.Contains(text, StringComparison.Ordinal))
            {
                said.TrySetResult();
            }
        }
    }
}
