namespace Tunnel.Packages.Tests;

/// <summary>Fails with every fault in full, where a collection's own assertion would cut them short.</summary>
internal static class Faults
{
    public static void None(IEnumerable<string> faults)
    {
        var all = string.Join('\n', faults);
        Assert.True(all.Length == 0, all);
    }
}
