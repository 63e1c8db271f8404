using System.Security.Cryptography;
using Tunnel.Browser.Tests.Visitors;

namespace Tunnel.Browser.Tests.NodeApps;

/// <summary>Copies an app to a working folder and installs exactly the packages of its lock file there; they are kept for the next run.</summary>
internal static class NodePackages
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly SemaphoreSlim OneAtATime = new(1);

    private static readonly string[] Install =
    [
        "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-timeout=20000", "--fetch-retries=1",
        "--fetch-retry-mintimeout=1000",
    ];

    // What npm says when it cannot get at a registry.
    private static readonly string[] NoRegistry =
        ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ERR_SOCKET_TIMEOUT", "ENOTCACHED"];

    /// <summary>Gives the working folder; skips the test where Node is missing, too old, or the packages cannot be had.</summary>
    public static async Task<string> InstallAsync(string app)
    {
        await OneAtATime.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            await AssertNodeAsync();
            var folder = Path.Combine(Folders.Artifacts, "apps", app);
            CopySources(Folders.App(app), folder);
            await InstallInAsync(folder);
            return folder;
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private static async Task AssertNodeAsync()
    {
        Assert.SkipWhen(OnPath.Find("node") is null || OnPath.Find("npm") is null, "There is no Node: install node and npm.");
        var version = (await ToolRun.OfAsync("node", ["--version"], Repository.Root, Limit)).Output.Trim();
        Assert.SkipUnless(
            Version.TryParse(version.TrimStart('v'), out var number) && number >= new Version(20, 19),
            $"Node is {version}: the apps need 20.19 or later.");
    }

    private static void CopySources(string source, string folder)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(source, file);
            if (relative.StartsWith("node_modules", StringComparison.Ordinal))
            {
                continue;
            }

            var copy = Path.Combine(folder, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }

    private static async Task InstallInAsync(string folder)
    {
        var mark = Path.Combine(folder, "node_modules", ".installed");
        var wanted = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(folder, "package-lock.json"))));
        if (File.Exists(mark) && await File.ReadAllTextAsync(mark) == wanted)
        {
            return;
        }

        var run = await ToolRun.OfAsync("npm", Install, folder, Limit);
        Assert.SkipWhen(
            run.ExitCode != 0 && NoRegistry.Any(sign => run.Errors.Contains(sign, StringComparison.Ordinal)),
            $"npm cannot reach a package registry: {run.Errors.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal))}");
        Assert.True(run.ExitCode == 0, run.Errors);
        await File.WriteAllTextAsync(mark, wanted);
    }
}
