using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Tunnel.Packages.Tests.Programs;

namespace Tunnel.Packages.Tests.Readmes;

/// <summary>What users copy into nginx is what nginx takes.</summary>
public sealed partial class NginxTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly string? Program =
        new[] { "/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx" }.FirstOrDefault(File.Exists);

    [Fact]
    public async Task EveryBlock_IsTaken()
    {
        Assert.SkipWhen(Program is null, "nginx is not installed.");
        var blocks = CodeBlock.All("nginx").ToList();
        Assert.NotEmpty(blocks);
        foreach (var block in blocks)
        {
            using var folder = new TempFolder();
            WriteCertificate(folder);
            await File.WriteAllTextAsync(folder.File("nginx.conf"), Configuration(block.Text, folder), TestContext.Current.CancellationToken);

            var run = await FinishedProgram.RunAsync(Program!, folder.Path, Limit, "-t", "-c", folder.File("nginx.conf"), "-p", folder.Path);

            Assert.True(run.ExitCode == 0, $"{block.Place}: {run.Output}");
        }
    }

    /// <summary>A whole configuration, with the files and the socket in the test's folder.</summary>
    private static string Configuration(string block, TempFolder folder) => $$"""
        pid {{folder.File("pid")}};
        error_log {{folder.File("error.log")}};
        events { }
        http {
            access_log off;
            {{Certificate().Replace(Port().Replace(block, $"listen unix:{folder.File("socket")}"), match => $"{match.Groups[1].Value}{folder.File("tls" + match.Groups[2].Value)};")}}
        }
        """;

    private static void WriteCertificate(TempFolder folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=tunnel.example.com", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(folder.File("tls.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(folder.File("tls.key"), key.ExportPkcs8PrivateKeyPem());
    }

    [GeneratedRegex(@"listen \d+")]
    private static partial Regex Port();

    [GeneratedRegex(@"(ssl_certificate(?:_key)?\s+)\S+(\.pem|\.key);")]
    private static partial Regex Certificate();
}
