using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tunnel.Agent.Serving.Forwarding;
using Tunnel.Agent.Tests.Dialing;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Tests.Forwarding;

public sealed class CertificateRuleTests
{
    [Theory]
    [InlineData(null, true)] // on this machine anything will do
    [InlineData("any", true)]
    [InlineData("system", false)]
    [InlineData("root", true)]
    [InlineData("other root", false)]
    [InlineData("itself", true)]
    public async Task TargetOnThisMachine(string? rule, bool isTaken)
    {
        using var authority = new TestAuthority("ours");
        using var certificate = authority.Issue("localhost");
        Assert.Equal(isTaken, await IsTakenAsync("localhost", certificate, authority, rule));
    }

    [Theory]
    [InlineData("root", false)] // its name is another
    [InlineData("itself", true)] // named, so it needs no name
    public async Task CertificateForAnotherName(string rule, bool isTaken)
    {
        using var authority = new TestAuthority("ours");
        using var certificate = authority.Issue("elsewhere.test");
        Assert.Equal(isTaken, await IsTakenAsync("localhost", certificate, authority, rule));
    }

    [Theory]
    [InlineData("https://localhost", true)]
    [InlineData("https://LOCALHOST:5000", true)]
    [InlineData("https://127.9.8.7", true)]
    [InlineData("https://[::1]:443", true)]
    [InlineData("https://localhost.example", false)]
    [InlineData("https://192.168.1.20", false)]
    [InlineData("https://printer", false)]
    public void OnlyThisMachineIsTrustedUnasked(string address, bool isLoopback)
    {
        Assert.True(ForwardTarget.TryParse(new Uri(address), out var target, out _));
        Assert.Equal(isLoopback, target!.IsLoopback);
    }

    [Fact]
    public void FileThatCannotBeUsedIsRefusedWithASentence()
    {
        Assert.False(CertificateRule.TryRead("/no/such.pem", out _, out var error, "Tunnel:Agent:Services:api:ForwardCertificate"));
        Assert.StartsWith("Tunnel:Agent:Services:api:ForwardCertificate names /no/such.pem,", error, StringComparison.Ordinal);
        Assert.Contains("'any'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusalSaysWhatIsWrong()
    {
        Assert.True(ForwardTarget.TryParse(new Uri("https://printer"), out var target, out _));
        Assert.True(CertificateRule.TryRead(null, out var rule, out _));
        var problem = string.Empty;
        var options = rule!.OptionsFor(target!, SslApplicationProtocol.Http11, reason => problem = reason);

        Assert.False(options.RemoteCertificateValidationCallback!(
            this, null, null, SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.Equal("it is not for printer", problem);
    }

    private static async Task<bool> IsTakenAsync(string host, X509Certificate2 certificate, TestAuthority authority, string? rule)
    {
        using var other = new TestAuthority("theirs");
        var pem = rule switch { "root" => authority.Pem, "other root" => other.Pem, "itself" => certificate.ExportCertificatePem(), _ => null };
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, pem, TestContext.Current.CancellationToken);
            await using var server = await TargetApp.StartAsync(HttpProtocols.Http1, context => context.Response.WriteAsync("ok"), certificate);
            await using var tunnel = new TunnelFixture($"https://{host}:{server.Port}", certificate: pem is null ? rule : file);
            return (await tunnel.GetAsync("/")).Text == "ok";
        }
        catch (ExchangeException exception)
        {
            Assert.Equal(ErrorCode.TargetUnreachable, exception.Code);
            return false;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
