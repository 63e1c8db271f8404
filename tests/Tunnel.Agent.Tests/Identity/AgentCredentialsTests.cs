using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Tunnel.Agent.Identity;
using Tunnel.Wire.Identity;

namespace Tunnel.Agent.Tests.Identity;

public sealed class AgentCredentialsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tunnel-agent-").FullName;

    private string File => Path.Combine(folder, "new", "tunnel.json");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_new_agent_gets_a_key_and_keeps_it()
    {
        using var first = Load();
        using var second = Load();

        Assert.Equal(first.Key.PublicKey, second.Key.PublicKey);
        Assert.Equal(first.Key.PublicKey.ServerId, second.ServerId);
        Assert.Equal(["tunnel.json"], Directory.GetFiles(Path.GetDirectoryName(File)!).Select(Path.GetFileName));
        var json = JsonNode.Parse(System.IO.File.ReadAllText(File))!.AsObject();
        Assert.Equal(["serverId", "alg", "privateKey", "publicKey", "registeredAt"], json.Select(member => member.Key));
        Assert.DoesNotContain((string)json["privateKey"]!, first.ToString());
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Only_the_owner_can_read_the_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has access lists instead.");
        Load().Dispose();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            System.IO.File.GetUnixFileMode(Path.GetDirectoryName(File)!));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    [UnsupportedOSPlatform("windows")]
    public void A_file_open_to_others_is_refused(UnixFileMode extra)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has access lists instead.");
        Load().Dispose();
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | extra);

        var refusal = Assert.Throws<AgentCredentialsException>(Load);

        Assert.Contains($"chmod 600 \"{File}\"", refusal.Message);
    }

    [Fact]
    public async Task Creators_that_start_at_once_end_up_with_one_key()
    {
        for (var round = 0; round < 20; round++)
        {
            var file = Path.Combine(folder, $"round{round}", "tunnel.json");
            using var start = new Barrier(4);
            var creators = Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait(TestContext.Current.CancellationToken);
                    using var credentials = AgentCredentials.LoadOrCreate(file, TimeProvider.System);
                    return credentials.Key.PublicKey;
                },
                TaskCreationOptions.LongRunning));

            Assert.Single((await Task.WhenAll(creators)).Distinct());
        }
    }

    [Theory]
    [InlineData("alg", "none", "neither EdDSA nor ES256")]
    [InlineData("alg", "ES256", "no key of its alg")]
    [InlineData("serverId", "", "serverId is empty")]
    [InlineData("serverId", null, "not the JSON")]
    [InlineData("privateKey", "**", "not base64url")]
    [InlineData("privateKey", "AAAA", "no key of its alg")]
    [InlineData("privateKey", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "does not belong")]
    [InlineData("publicKey", "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "does not belong")]
    public void A_broken_file_is_refused_and_left_alone(string member, string? value, string reason)
    {
        Load().Dispose();
        var json = JsonNode.Parse(System.IO.File.ReadAllText(File))!;
        json[member] = value;

        AssertBroken(json.ToJsonString(), reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"serverId\":")]
    public void A_file_cut_short_is_refused_and_left_alone(string content)
    {
        Load().Dispose();

        AssertBroken(content, "it is");
    }

    [Fact]
    public void A_private_key_is_never_quoted()
    {
        Load().Dispose();
        System.IO.File.WriteAllText(File, """{"privateKey": c2VjcmV0 }""");

        Assert.DoesNotContain("c2Vj", Assert.Throws<AgentCredentialsException>(Load).ToString());
    }

    [Fact]
    public void ES256_keys_are_read_too()
    {
        using var key = SigningKey.Create(KeyAlgorithm.Es256);
        Load().Dispose();
        System.IO.File.WriteAllText(File, new JsonObject
        {
            ["serverId"] = "srv_other",
            ["alg"] = "ES256",
            ["privateKey"] = Base64UrlText.Encode(key.ExportPrivateKey()),
            ["publicKey"] = key.PublicKey.Text,
            ["registeredAt"] = "2026-01-01T00:00:00Z",
        }.ToJsonString());

        using var credentials = Load();

        Assert.Equal("srv_other", credentials.ServerId);
        Assert.Equal(key.PublicKey, credentials.Key.PublicKey);
    }

    private void AssertBroken(string content, string reason)
    {
        System.IO.File.WriteAllText(File, content);

        var refusal = Assert.Throws<AgentCredentialsException>(Load);

        Assert.Contains(File, refusal.Message);
        Assert.Contains(reason, refusal.Message);
        Assert.Contains("delete it", refusal.Message);
        Assert.Equal(content, System.IO.File.ReadAllText(File));
    }

    private AgentCredentials Load() => AgentCredentials.LoadOrCreate(File, TimeProvider.System);
}
