namespace Tunnel.Browser.Tests;

/// <summary>Places in the working copy that the tests run in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>For what the tests make; not under version control.</summary>
    public static string Artifacts { get; } = Path.Combine(Root, "artifacts", "browser");

    public static string App(string name) => Path.Combine(Root, "tests", "Tunnel.Browser.Tests", "apps", name);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TunnelMiddleware.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder.FullName;
    }
}
