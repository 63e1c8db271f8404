using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Serving;
using Tunnel.Agent.Serving.Forwarding;
using Tunnel.Agent.Serving.InProcess;

namespace Tunnel.Agent.Hosting;

/// <summary>Chooses who answers visitors: a local server that is forwarded to, or this app's own pipeline.</summary>
internal sealed class AgentServing(IServiceProvider app, IOptions<TunnelAgentOptions> options) : IAsyncDisposable
{
    private IAsyncDisposable? _owned;

    public async Task<IExchangeServer> StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ForwardTo is { } target)
        {
            return new ForwardingServer(target, options.Value.ForwardHost);
        }

        var server = app.GetRequiredService<TunnelServer>();
        if (!ReferenceEquals(app.GetService<IServer>(), server))
        {
            var host = new PipelineHost(app, app.GetRequiredService<PipelineCapture>(), server);
            _owned = host;
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
        }

        return server;
    }

    public ValueTask DisposeAsync() => _owned?.DisposeAsync() ?? ValueTask.CompletedTask;
}
