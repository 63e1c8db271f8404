using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tunnel.Agent.Diagnostics;
using Tunnel.Agent.Serving;
using Tunnel.Agent.Serving.Forwarding;
using Tunnel.Agent.Serving.InProcess;

namespace Tunnel.Agent.Hosting;

/// <summary>Chooses who answers visitors of each tunnel and service: a local server that is forwarded to, or this app's own pipeline.</summary>
internal sealed class AgentServing(
    IServiceProvider app, IOptions<TunnelAgentOptions> options, AgentTraces traces, TimeProvider time, ILogger<ForwardingServer> logger) : IAsyncDisposable
{
    private readonly List<ForwardingServer> _forwarding = [];
    private TunnelServer? _inProcess;
    private PipelineHost? _pipeline;

    public async Task<ServerTable> StartAsync(CancellationToken cancellationToken)
    {
        var first = options.Value;
        var table = new ServerTable();
        await AddAsync(ForwardSettings.Of(first), first.Services).ConfigureAwait(false);
        foreach (var tunnel in first.Tunnels)
        {
            await AddAsync(ForwardSettings.Of(tunnel), tunnel.Services).ConfigureAwait(false);
        }

        return table;

        async Task AddAsync(ForwardSettings settings, IDictionary<string, AgentServiceOptions> services)
        {
            var named = table.AddTunnel(await ServerOfAsync(settings, cancellationToken).ConfigureAwait(false));
            foreach (var (name, service) in services)
            {
                named.Add(name, await ServerOfAsync(ForwardSettings.Of(service), cancellationToken).ConfigureAwait(false));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _forwarding)
        {
            server.Dispose();
        }

        if (_pipeline is { } pipeline)
        {
            await pipeline.DisposeAsync().ConfigureAwait(false);
        }
    }

    private ValueTask<IExchangeServer> ServerOfAsync(in ForwardSettings settings, CancellationToken cancellationToken) =>
        settings.To is { } address ? new ValueTask<IExchangeServer>(Forwarding(address, settings)) : InProcessAsync(cancellationToken);

    private ForwardingServer Forwarding(Uri address, in ForwardSettings settings)
    {
        // The options were validated when the app started, but the certificates' file may have gone since.
        var server = ForwardTarget.TryParse(address, out var target, out var error)
            && CertificateRule.TryRead(settings.Certificate, out var certificates, out error)
            ? new ForwardingServer(target, new HostRule(settings.Host), certificates, time, logger) { Traces = traces }
            : throw new InvalidOperationException(error);
        _forwarding.Add(server);
        return server;
    }

    private async ValueTask<IExchangeServer> InProcessAsync(CancellationToken cancellationToken)
    {
        if (_inProcess is { } started)
        {
            return started;
        }

        _inProcess = app.GetRequiredService<TunnelServer>();
        if (!ReferenceEquals(app.GetService<IServer>(), _inProcess))
        {
            _pipeline = new PipelineHost(app, app.GetRequiredService<PipelineCapture>(), _inProcess);
            await _pipeline.StartAsync(cancellationToken).ConfigureAwait(false);
        }

        return _inProcess;
    }
}
