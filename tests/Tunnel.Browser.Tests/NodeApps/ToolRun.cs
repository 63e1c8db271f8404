using System.Diagnostics;
using Tunnel.Browser.Tests.Visitors;

namespace Tunnel.Browser.Tests.NodeApps;

/// <summary>A program that ran to its end.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Errors)
{
    public static async Task<ToolRun> OfAsync(string program, string[] arguments, string folder, TimeSpan limit)
    {
        var start = new ProcessStartInfo(OnPath.Find(program) ?? program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit, TestContext.Current.CancellationToken);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new ToolRun(process.ExitCode, await output, await errors);
    }
}
