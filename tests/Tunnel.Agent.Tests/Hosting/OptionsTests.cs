using Tunnel.Agent.Hosting;

namespace Tunnel.Agent.Tests.Hosting;

/// <summary>Every wrong setting is named at the start, with what to do about it.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void EverythingSet_IsAccepted()
    {
        var options = new TunnelAgentOptions
        {
            Relay = new Uri("https://relay.test"),
            RelayKey = "SHA256:" + new string('A', 43),
            Proxy = new Uri("socks5://proxy.test:1080"),
            MemoryLimit = 64 << 20,
            Pool = true,
            Services = { ["a"] = new AgentServiceOptions(), ["b-2"] = new AgentServiceOptions { ForwardTo = new Uri("http://localhost:1") } },
            Tunnels = { new AgentTunnelOptions { Slug = "one" }, new AgentTunnelOptions { Slug = "two" }, new AgentTunnelOptions() },
        };

        Assert.Null(Validate(options));
    }

    [Fact]
    public void EverythingWrong_IsListed_AndNothingSecretShown()
    {
        var options = new TunnelAgentOptions
        {
            Slug = "one",
            RelayKey = "ed25519:short",
            Proxy = new Uri("ftp://user:secret@proxy.test"),
            CertificateAuthorities = "/no/such/file.pem",
            MemoryLimit = 1000,
            Services = { ["-api"] = new AgentServiceOptions { ForwardTo = new Uri("ftp://localhost") } },
            Tunnels = { new AgentTunnelOptions { Slug = "ONE", ForwardHost = "a b", ForwardCertificate = "/no/such/root.pem" } },
        };

        var errors = Validate(options);

        Assert.NotNull(errors);
        Assert.DoesNotContain("secret", errors);
        foreach (var setting in (string[])
            [
                "Relay is missing", "RelayKey", "Proxy", "CertificateAuthorities", "/no/such/file.pem", "MemoryLimit",
                "Services:-api has no name", "Services:-api:ForwardTo", "Tunnels:0:Slug", "Tunnels:0:ForwardHost", "Tunnels:0:ForwardCertificate",
            ])
        {
            Assert.Contains(setting, errors);
        }
    }

    [Fact]
    public void FileWithoutACertificate_IsRefused()
    {
        var file = Path.GetTempFileName();
        try
        {
            Assert.Contains(file, Validate(new TunnelAgentOptions { Relay = new Uri("https://relay.test"), CertificateAuthorities = file }));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string? Validate(TunnelAgentOptions options) => new TunnelAgentOptionsValidator().Validate(null, options).FailureMessage;
}
