using System.Diagnostics;

namespace Tunnel.Packages.Tests.Programs;

/// <summary>A program that ran to its end.</summary>
internal sealed record FinishedProgram(int ExitCode, string Output)
{
    public static Task<FinishedProgram> DotnetAsync(string folder, TimeSpan limit, params string[] arguments) =>
        RunAsync(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", folder, limit, arguments);

    /// <exception cref="TimeoutException">The program did not end in time; it is ended by then.</exception>
    public static async Task<FinishedProgram> RunAsync(string program, string folder, TimeSpan limit, params string[] arguments)
    {
        using var process = Process.Start(StartInfo(program, folder, arguments))!;
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

        return new FinishedProgram(process.ExitCode, await output + await errors);
    }

    public static ProcessStartInfo StartInfo(string program, string folder, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What the build that runs these tests says to its own processes is not for the builds that the tests run.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }
}
