using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>
/// The <see cref="IServer"/> through which visitors' requests enter the app's pipeline. With <c>UseTunnelServer()</c> it is the app's
/// only server; otherwise an inner host runs it beside the app's own (<see cref="Hosting.PipelineHost"/>).
/// </summary>
internal sealed partial class TunnelServer : IServer, IExchangeServer
{
    private readonly ILogger _logger;
    private readonly InProcessSettings _settings;
    private readonly TaskCompletionSource<IExchangeServer> _application = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TunnelServer(IOptions<TunnelAgentOptions> options, IOptions<KestrelServerOptions> kestrel, ILogger<TunnelServer> logger)
    {
        _logger = logger;
        _settings = new InProcessSettings(
            options.Value.MaxRequestBodySize ?? kestrel.Value.Limits.MaxRequestBodySize, kestrel.Value, LogApplicationError);
        Features.Set<IServerAddressesFeature>(new ServerAddressesFeature());
    }

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        // Hosting puts the configured addresses here, and would log that the app listens on them.
        Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Clear();
        _application.TrySetResult(new ApplicationRunner<TContext>(application, _settings));
        return Task.CompletedTask;
    }

    public Task ServeAsync(ServedExchange served) => _application.Task.IsCompletedSuccessfully
        ? _application.Task.Result.ServeAsync(served)
        : ServeWhenStartedAsync(served);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }

    private async Task ServeWhenStartedAsync(ServedExchange served)
    {
        var application = await _application.Task.ConfigureAwait(false);
        await application.ServeAsync(served).ConfigureAwait(false);
    }

    [LoggerMessage(231, LogLevel.Error, "The app threw an exception that nothing in its pipeline handled.", EventName = "ApplicationError")]
    private partial void LogApplicationError(Exception exception);
}
