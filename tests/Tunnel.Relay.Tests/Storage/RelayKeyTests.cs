using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Tests.Storage;

public sealed class RelayKeyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Path => folder.File(RelayKey.FileName);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_key_is_made_once_and_is_its_owners_only()
    {
        using var first = RelayKey.Open(folder.Data);
        using var second = RelayKey.Open(folder.Reopen());

        Assert.Equal(first.PublicKey, second.PublicKey);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        }
    }

    [Fact]
    public void A_key_that_others_can_read_is_refused_with_the_remedy()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // no such modes there
        }

        RelayKey.Open(folder.Data).Dispose();
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Assert.Contains("chmod 600", Assert.Throws<RelayStorageException>(() => RelayKey.Open(folder.Data)).Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "publicKey": "ed25519:AA", "privateKey": "AA" }""")]
    [InlineData("""{ "publicKey": "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "privateKey": "AA" }""")]
    public void A_broken_file_stays_as_it_is(string json)
    {
        RelayKey.Open(folder.Data).Dispose();
        File.WriteAllText(Path, json);

        Assert.Throws<RelayStorageException>(() => RelayKey.Open(folder.Data));

        Assert.Equal(json, File.ReadAllText(Path));
    }

    [Fact]
    public void Another_key_pairs_half_is_refused()
    {
        RelayKey.Open(folder.Data).Dispose();
        var first = File.ReadAllText(Path);
        File.Delete(Path);
        RelayKey.Open(folder.Data).Dispose();
        var lines = File.ReadAllLines(Path);
        var other = first.Split('\n').Single(line => line.Contains("publicKey", StringComparison.Ordinal));
        File.WriteAllLines(Path, lines.Select(line => line.Contains("publicKey", StringComparison.Ordinal) ? other : line));

        Assert.Throws<RelayStorageException>(() => RelayKey.Open(folder.Data));
    }
}
