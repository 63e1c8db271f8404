using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Serving;
using Tunnel.Agent.Serving.Forwarding;
using Tunnel.Agent.Serving.InProcess;

namespace Tunnel.Agent.Hosting;

/// <summary>Chooses who answers visitors: a local server that is forwarded to, or this app's own pipeline.</summary>
internal sealed class AgentServing(
    IServiceProvider app, IOptions<TunnelAgentOptions> options, TimeProvider time, ILogger<ForwardingServer> logger) : IAsyncDisposable
{
    private PipelineHost? _pipeline;
    private ForwardingServer? _forwarding;

    public async Task<IExchangeServer> StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ForwardTo is { } address)
        {
            // The options were validated when the app started.
            return _forwarding = ForwardTarget.TryParse(address, out var target, out var error)
                ? new ForwardingServer(target, new HostRule(options.Value.ForwardHost), time, logger)
                : throw new InvalidOperationException(error);
        }

        var server = app.GetRequiredService<TunnelServer>();
        if (!ReferenceEquals(app.GetService<IServer>(), server))
        {
            _pipeline = new PipelineHost(app, app.GetRequiredService<PipelineCapture>(), server);
            await _pipeline.StartAsync(cancellationToken).ConfigureAwait(false);
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _forwarding?.Dispose();
        if (_pipeline is { } pipeline)
        {
            await pipeline.DisposeAsync().ConfigureAwait(false);
        }
    }
}
