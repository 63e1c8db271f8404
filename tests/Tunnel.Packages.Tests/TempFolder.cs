namespace Tunnel.Packages.Tests;

/// <summary>A folder outside the repository, so that its build settings do not reach in; removed with its test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tunnel-packages-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
