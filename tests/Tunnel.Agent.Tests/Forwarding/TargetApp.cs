using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Tunnel.Agent.Tests.Forwarding;

/// <summary>A target on Kestrel that answers as each test says.</summary>
internal sealed class TargetApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TargetApp(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Urls.Single()).Port;

    public static async Task<TargetApp> StartAsync(
        HttpProtocols protocols, RequestDelegate serve, X509Certificate2? certificate = null, string? socket = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (socket is not null)
            {
                kestrel.ListenUnixSocket(socket, Listen);
            }
            else
            {
                kestrel.Listen(System.Net.IPAddress.Loopback, 0, Listen);
            }
        });
        var app = builder.Build();
        app.Run(serve);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TargetApp(app);

        void Listen(ListenOptions listen)
        {
            listen.Protocols = protocols;
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }
}
