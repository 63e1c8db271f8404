using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tunnel.Agent;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>An app of a <see cref="VirtualNetwork"/> that is served by its tunnel only, and its way to the hub.</summary>
internal sealed class VirtualAgent : IAsyncDisposable
{
    private readonly VirtualNetwork _network;
    private bool _isCrashed;

    public VirtualAgent(VirtualNetwork network, NetworkSetup setup, int number, string credentialsFile)
    {
        _network = network;
        Number = number;
        Slug = $"agent-{number}";
        Path = new FaultyPath(DialAsync) { Script = setup.Script };

        // Without reloading: fifty apps that watch files are more than a machine's inotify gives.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            EnvironmentName = "Production",
            ContentRootPath = System.IO.Path.GetDirectoryName(credentialsFile),
            ApplicationName = Slug,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Logging.ClearProviders();
        if ((setup.AgentTime ?? setup.Time) is { } time)
        {
            builder.Services.AddSingleton(time);
        }

        builder.Services.AddTunnelAgent("http://localhost", agent =>
        {
            agent.Slug = Slug;
            agent.CredentialsFile = credentialsFile;
            agent.Connect = Path.ConnectAsync;
            agent.DrainTimeout = TimeSpan.FromMinutes(1); // tests that need it say their own
            setup.Agent?.Invoke(agent, number);
        });
        builder.WebHost.UseTunnelServer();
        setup.Device?.Invoke(builder, number);
        App = builder.Build();
        setup.Routes(App, number);
    }

    public int Number { get; }

    public string Slug { get; }

    public WebApplication App { get; }

    public ITunnelAgent Agent => App.Services.GetRequiredService<ITunnelAgent>();

    /// <summary>Its way to the hub, and what goes wrong there.</summary>
    public FaultyPath Path { get; }

    /// <summary>How often the agent has dialled, refused and hanging dials included.</summary>
    public int Dials => Path.Dials;

    /// <summary>A visitor's request by the hub.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) =>
        _network.Visitor.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    /// <summary>A visitor's GET by the hub: the body of a good answer.</summary>
    /// <param name="target">Below the tunnel, with a slash in front.</param>
    public Task<string> Get(string target) => _network.Visitor.GetStringAsync(Target(target), TestContext.Current.CancellationToken);

    /// <summary>Where visitors find the tunnel on the hub.</summary>
    public string Target(string target) => $"/t/{Slug}{target}";

    /// <summary>Completes when the agent is connected by a dial after so many.</summary>
    public Task UntilBackAsync(int dials) => Agent.UntilAsync(
        agent => Dials > dials && agent.State == TunnelAgentState.Connected, $"{Slug} is back after dial {dials}");

    /// <summary>Ends the open link at both ends.</summary>
    public void Cut() => Path.Cut();

    /// <summary>Holds everything between the agent and the hub; new dials hang.</summary>
    public void Partition() => Path.Partition();

    /// <summary>Kills the open link so that nobody hears of it; a new dial works.</summary>
    public void BlackHoleLink() => Path.BlackHoleLink();

    /// <summary>Ends the partition or the black hole: what was held arrives.</summary>
    public void Heal() => _ = Path.HealAsync();

    /// <summary>The process is gone, and the hub learns of it by the lost link only.</summary>
    public void Crash()
    {
        _isCrashed = true;
        Path.RefusesDials = true;
        Path.Cut();
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync(new CancellationToken(_isCrashed)); // one that has crashed finishes nothing
        await App.DisposeAsync();
    }

    private async Task<WebSocket> DialAsync(Uri uri, string subprotocol, CancellationToken cancellationToken)
    {
        if (_network.RefusesDials)
        {
            throw new WebSocketException(WebSocketError.Faulted, "The test refuses dials.");
        }

        var client = _network.Hub.GetTestServer().CreateWebSocketClient();
        client.SubProtocols.Add(subprotocol);
        return await client.ConnectAsync(uri, cancellationToken);
    }
}
