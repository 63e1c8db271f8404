using System.Runtime.Versioning;
using Tunnel.Relay.Storage;

namespace Tunnel.Relay.Tests.Storage;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_second_relay_on_the_same_folder_is_refused()
    {
        var refusal = Assert.Throws<RelayStorageException>(() => DataFolder.Open(folder.Path));

        Assert.Contains(folder.Path, refusal.Message);
        Assert.Contains("another relay process", refusal.Message);
        Assert.Contains("Tunnel:Relay:DataDirectory", refusal.Message);
        folder.Reopen();
    }

    [Fact]
    public void A_path_that_is_no_folder_is_refused_by_name()
    {
        File.WriteAllText(folder.File("file"), "");

        var refusal = Assert.Throws<RelayStorageException>(() => DataFolder.Open(folder.File("file")));

        Assert.Contains(folder.File("file"), refusal.Message);
    }

    [Fact]
    public void A_new_folder_keeps_its_secrets_out_of_version_control()
    {
        var path = folder.File("new");

        using (DataFolder.Open(path))
        {
            Assert.Equal("*\n", File.ReadAllText(Path.Combine(path, ".gitignore")));
        }

        File.Delete(Path.Combine(path, ".gitignore"));
        using (DataFolder.Open(path))
        {
            Assert.False(File.Exists(Path.Combine(path, ".gitignore"))); // whoever removes it means it
        }
    }

    [Fact]
    public void What_a_crash_left_half_written_is_removed()
    {
        var leftover = folder.File("keys.json.abc.tmp");
        File.WriteAllText(leftover, "{\"keys\":[");

        folder.Reopen();

        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public async Task A_reader_sees_the_old_content_or_the_new_and_never_a_part()
    {
        var file = new JsonFile<KeysDocument>(folder.Data, "keys.json", StorageJson.Default.KeysDocument);
        StoredKey[] keys = [.. Enumerable.Range(0, 200).Select(i => new StoredKey("key" + i, "srv", default))];
        file.Write(new KeysDocument(keys));

        var writer = Task.Run(
            () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    file.Write(new KeysDocument(keys[(i % 2 * 100)..]));
                }
            },
            TestContext.Current.CancellationToken);
        while (!writer.IsCompleted)
        {
            Assert.Contains(file.Read()!.Keys.Count, (int[])[100, 200]);
        }

        await writer;
        Assert.Empty(Directory.GetFiles(folder.Path, "*.tmp"));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Only_the_owner_can_read_what_is_stored()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has access lists instead.");
        new JsonFile<KeysDocument>(folder.Data, "keys.json", StorageJson.Default.KeysDocument).Write(new KeysDocument([]));

        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(owner, File.GetUnixFileMode(folder.File("keys.json")));
        Assert.Equal(owner, File.GetUnixFileMode(folder.File("lock")));
        Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.Path));
    }

    [Theory]
    [InlineData("keys.json", "")]
    [InlineData("keys.json", "null")]
    [InlineData("keys.json", "{}")]
    [InlineData("keys.json", "{\"keys\":[null]}")]
    [InlineData("keys.json", "{\"keys\":[{\"publicKey\":\"rsa:AAAA\",\"serverId\":\"srv\",\"registeredAt\":\"2026-01-01T00:00:00Z\"}]}")]
    [InlineData("claims.json", "{\"claims\":[")]
    [InlineData("claims.json", "{\"claims\":[null]}")]
    [InlineData("claims.json", "{\"claims\":[{\"slug\":null,\"serverId\":\"srv\",\"isRandom\":false,\"claimedAt\":\"2026-01-01T00:00:00Z\"}]}")]
    public void A_broken_file_is_refused_by_name_and_left_alone(string name, string content)
    {
        File.WriteAllText(folder.File(name), content);

        var refusal = Assert.Throws<RelayStorageException>(() =>
        {
            _ = new KeyRing(folder.Data, [], TimeProvider.System);
            _ = new ClaimLedger(folder.Data, TimeSpan.Zero, TimeProvider.System);
        });

        Assert.Contains(folder.File(name), refusal.Message);
        Assert.Contains("backup", refusal.Message);
        Assert.Equal(content, File.ReadAllText(folder.File(name)));
    }
}
