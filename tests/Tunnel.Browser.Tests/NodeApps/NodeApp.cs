using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Tunnel.Browser.Tests.Visitors;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Browser.Tests.NodeApps;

/// <summary>A server in a process of its own, which says its address when it listens.</summary>
internal sealed partial class NodeApp : IAsyncDisposable
{
    private readonly Process _process;

    private NodeApp(Process process, string folder, Uri url)
    {
        _process = process;
        Folder = folder;
        Url = url;
    }

    /// <summary>The working copy of its files.</summary>
    public string Folder { get; }

    public Uri Url { get; }

    public static async Task<NodeApp> StartAsync(string app, params string[] arguments)
    {
        var folder = await NodePackages.InstallAsync(app);
        var process = Process.Start(new ProcessStartInfo(OnPath.Find("node")!, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["NO_COLOR"] = "1" },
        })!;
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new StringBuilder();
        void Hear(object sender, DataReceivedEventArgs line)
        {
            lock (said)
            {
                said.AppendLine(line.Data);
                if (Address().Match(line.Data ?? string.Empty) is { Success: true } address)
                {
                    listening.TrySetResult(new Uri(address.Value));
                }
                else if (line.Data is null && process.HasExited)
                {
                    listening.TrySetException(new InvalidOperationException($"{app} has ended: {said}"));
                }
            }
        }

        process.OutputDataReceived += Hear;
        process.ErrorDataReceived += Hear;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            return new NodeApp(process, folder, await listening.Task.Soon($"{app} listens"));
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    [GeneratedRegex(@"http://(localhost|127\.0\.0\.1):\d+/")]
    private static partial Regex Address();
}
