using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tunnel.Agent.Serving.InProcess;

namespace Tunnel.Agent.Hosting;

/// <summary>
/// Runs a <see cref="TunnelServer"/> over the app's captured pipeline, beside the app's own server. An inner generic host does what
/// hosting does for every server (metrics, activity, request log, context reuse); it borrows the services for that from the app, so
/// that a tunnelled request is measured, traced and logged as any other.
/// </summary>
internal sealed class PipelineHost(IServiceProvider app, PipelineCapture capture, TunnelServer server) : IAsyncDisposable
{
    private IHost? _host;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var pipeline = capture.Pipeline
            ?? throw new InvalidOperationException(
                "The tunnel has no app to serve: this host runs no web pipeline. Set Tunnel:Agent:ForwardTo to forward to a local server instead.");
        _host = new HostBuilder()
            .ConfigureWebHost(web => web
                .UseSetting(WebHostDefaults.ApplicationKey, app.GetRequiredService<IHostEnvironment>().ApplicationName)
                .UseSetting(WebHostDefaults.SuppressStatusMessagesKey, bool.TrueString)
                .UseSetting(WebHostDefaults.PreventHostingStartupKey, bool.TrueString) // they ran for the app already
                .Configure(builder => builder.Run(pipeline)))
            .ConfigureServices(Borrow)
            .Build();
        await _host.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is { } host)
        {
            _host = null;
            await host.StopAsync().ConfigureAwait(false);
            host.Dispose();
        }
    }

    private void Borrow(IServiceCollection services)
    {
        // As factories the container would own and dispose what is the app's; instances are left alone.
        services.AddSingleton(app.GetRequiredService<ILoggerFactory>());
        services.AddSingleton(app.GetRequiredService<IMeterFactory>());
        services.AddSingleton(app.GetRequiredService<DiagnosticListener>());
        services.AddSingleton(app.GetRequiredService<DiagnosticSource>());
        services.AddSingleton(app.GetRequiredService<ActivitySource>());
        services.AddSingleton(app.GetRequiredService<DistributedContextPropagator>());
        services.AddSingleton(app.GetRequiredService<IHttpContextFactory>());
        services.AddSingleton<IServer>(server);
        services.AddSingleton<IHostLifetime, QuietLifetime>();
    }

    /// <summary>Ctrl+C and SIGTERM are the app's to handle.</summary>
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
