namespace Tunnel.Browser.Tests;

/// <summary>Places in the working copy that these tests use.</summary>
internal static class Folders
{
    /// <summary>For what the tests make; not under version control.</summary>
    public static string Artifacts { get; } = Repository.File("artifacts", "browser");

    public static string App(string name) => Repository.File("tests", "Tunnel.Browser.Tests", "apps", name);
}
