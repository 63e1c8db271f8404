namespace Tunnel.Browser.Tests.Visitors;

/// <summary>Where this machine has Chromium, or Chrome.</summary>
internal static class ChromiumFinder
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>The browser's path: <c>CHROMIUM</c> in the environment, or what is in <c>PATH</c>; null where there is none.</summary>
    public static string? Find() => Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named
        ? named
        : Names.Select(OnPath.Find).FirstOrDefault(path => path is not null);
}

/// <summary>Looks for programs.</summary>
internal static class OnPath
{
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => OperatingSystem.IsWindows()
            ? new[] { $"{program}.exe", $"{program}.cmd" }.Select(name => Path.Combine(folder, name))
            : [Path.Combine(folder, program)])
        .FirstOrDefault(File.Exists);
}
