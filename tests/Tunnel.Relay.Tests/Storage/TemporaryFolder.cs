using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Tests.Storage;

/// <summary>A data folder that can be closed and opened again, as by a relay that restarts.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("tunnel-relay-").FullName;

    public TemporaryFolder() => Data = DataFolder.Open(Path);

    public string Path => System.IO.Path.Combine(root, "relay");

    public DataFolder Data { get; private set; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public DataFolder Reopen()
    {
        Data.Dispose();
        return Data = DataFolder.Open(Path);
    }

    public void Dispose()
    {
        Data.Dispose();
        Directory.Delete(root, recursive: true);
    }
}
