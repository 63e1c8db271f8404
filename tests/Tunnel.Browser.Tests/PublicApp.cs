using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Browser.Tests;

/// <summary>Where a visitor finds an app.</summary>
public enum Way
{
    Subdomain,

    /// <summary>By https, so that the browser speaks HTTP/2.</summary>
    SecureSubdomain,

    Path,
}

/// <summary>A hub with a device whose app has a public address of each kind. A browser finds names below localhost on this machine.</summary>
internal sealed class PublicApp : IAsyncDisposable
{
    private const string Domain = "tunnel.localhost";
    private readonly TunnelPair _pair;

    private PublicApp(TunnelPair pair, ConcurrentQueue<string> requests)
    {
        _pair = pair;
        Requests = requests;
    }

    /// <summary>Protocol and method of each request that the hub got.</summary>
    public ConcurrentQueue<string> Requests { get; }

    public static async Task<PublicApp> StartAsync(Action<DeviceSetup> device)
    {
        var requests = new ConcurrentQueue<string>();
        return new PublicApp(await TunnelPair.StartAsync(_ => { }, hub => SetUp(hub, requests), device), requests);
    }

    public static Task<PublicApp> ForwardAsync(Uri server) =>
        StartAsync(device => device.Agent = agent => agent.ForwardTo = new Uri(server.GetLeftPart(UriPartial.Authority)));

    public Uri At(Way way) => way switch
    {
        Way.Subdomain => new Uri($"http://{TunnelPair.Slug}.{Domain}:{_pair.Hub.Url.Port}/"),
        Way.SecureSubdomain => new Uri($"https://{TunnelPair.Slug}.{Domain}:{new Uri(_pair.Hub.App.Urls.Last()).Port}/"),
        _ => new Uri(_pair.Hub.Url, $"{TunnelPair.Prefix}/"),
    };

    public ValueTask DisposeAsync() => _pair.DisposeAsync();

    private static void SetUp(HubSetup hub, ConcurrentQueue<string> requests)
    {
        hub.Settings["Tunnel:Relay:Domain"] = Domain;
        hub.Build = builder => builder.WebHost.ConfigureKestrel(server =>
        {
            server.Listen(IPAddress.Loopback, 0);
            server.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(Certificate()));
        });
        hub.Pipeline = app =>
        {
            app.Use((context, next) =>
            {
                requests.Enqueue($"{context.Request.Protocol} {context.Request.Method}");
                return next(context);
            });
            app.UseTunnelRelay();
        };
    }

    /// <summary>One that nobody trusts; the tests' browser does not ask.</summary>
    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=*.{Domain}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName($"*.{Domain}");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }
}
