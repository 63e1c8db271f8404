using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tunnel.Agent;
using Tunnel.Relay;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>What differs from a hub with nothing but the relay, and devices that say their number.</summary>
internal sealed class NetworkSetup
{
    /// <summary>Time for the hub and all devices, or null for the system's.</summary>
    public TimeProvider? Time { get; set; }

    /// <summary>Time for the devices only, such as <see cref="HurriedTime"/>.</summary>
    public TimeProvider? AgentTime { get; set; }

    /// <summary>What happens at each message of every agent's links.</summary>
    public Func<LinkMessage, LinkFault>? Script { get; set; }

    public Action<TunnelRelayOptions>? Relay { get; set; }

    /// <summary>Runs after the relay was added.</summary>
    public Action<WebApplicationBuilder>? Hub { get; set; }

    public Action<TunnelAgentOptions, int>? Agent { get; set; }

    /// <summary>Runs after the agent was added.</summary>
    public Action<WebApplicationBuilder, int>? Device { get; set; }

    public Action<WebApplication, int> Routes { get; set; } = (app, number) => app.Run(context => context.Response.WriteAsync($"agent {number}"));

    public NetworkSetup Clone() => (NetworkSetup)MemberwiseClone();
}

/// <summary>One hub and many agents in this process, without ports: the links between them are in memory and fail when a test says so.</summary>
internal sealed class VirtualNetwork : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly NetworkSetup _setup;
    private readonly List<VirtualAgent> _agents = [];
    private volatile bool _refusesDials;
    private WebApplication? _hub;
    private HttpClient? _visitor;

    private VirtualNetwork(NetworkSetup setup) => _setup = setup;

    public WebApplication Hub => _hub ?? throw new InvalidOperationException("The hub is stopped.");

    /// <summary>Relative addresses lead to the hub.</summary>
    public HttpClient Visitor => _visitor ?? throw new InvalidOperationException("The hub is stopped.");

    public IReadOnlyList<VirtualAgent> Agents => _agents;

    /// <summary>Dials of all agents, refused and hanging ones included.</summary>
    public int Dials => _agents.Sum(agent => agent.Dials);

    /// <summary>Whether dials fail at once, as when nothing listens.</summary>
    public bool RefusesDials
    {
        get => _refusesDials || _hub is null;
        set => _refusesDials = value;
    }

    /// <summary>A folder of the test's own.</summary>
    public TempFolder Folder => _folder;

    /// <summary>Starts a hub and so many agents, numbered from 0, and waits until all are connected.</summary>
    public static async Task<VirtualNetwork> StartAsync(int agents, Action<NetworkSetup>? configure = null)
    {
        var setup = new NetworkSetup();
        configure?.Invoke(setup);
        var network = new VirtualNetwork(setup);
        try
        {
            await network.StartHubAsync();
            var all = Enumerable.Range(0, agents).Select(number => network.Add(number)).ToArray();
            await Task.WhenAll(all.Select(agent => agent.App.StartAsync(TestContext.Current.CancellationToken))).Soon("the agents' apps start");
            await Task.WhenAll(all.Select(agent => agent.UntilBackAsync(dials: 0)));
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    public VirtualAgent Agent(int number) => _agents[number];

    /// <summary>Starts another process with an agent's key, slug and routes, and does not wait for its tunnel.</summary>
    public async Task<VirtualAgent> StartAgainAsync(int number, Action<NetworkSetup>? configure = null)
    {
        var agent = Add(number, configure);
        await agent.App.StartAsync(TestContext.Current.CancellationToken).Soon("the agent's app starts");
        return agent;
    }

    /// <summary>An agent that is not started yet.</summary>
    public VirtualAgent Add(int number, Action<NetworkSetup>? configure = null)
    {
        var setup = _setup.Clone();
        configure?.Invoke(setup);
        Directory.CreateDirectory(_folder.File($"agent-{number}"));
        var agent = new VirtualAgent(this, setup, number, Path.Combine(_folder.File($"agent-{number}"), "tunnel.json"));
        _agents.Add(agent);
        return agent;
    }

    /// <summary>Stops an agent's process for good.</summary>
    public async Task RemoveAsync(VirtualAgent agent)
    {
        _agents.Remove(agent);
        await agent.DisposeAsync();
    }

    /// <summary>Ends every open link at both ends.</summary>
    public void CutAll() => _agents.ForEach(agent => agent.Cut());

    /// <summary>Starts the hub again after <see cref="StopHubAsync"/>, with the same keys and slugs and nothing else.</summary>
    public async Task StartHubAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            EnvironmentName = "Development",
            ContentRootPath = _folder.Path,
            ApplicationName = "hub",
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        if (_setup.Time is { } time)
        {
            builder.Services.AddSingleton(time);
        }

        builder.Services.AddTunnelRelay(relay =>
        {
            relay.DataDirectory = _folder.File("relay");
            relay.DevelopmentEnrolment = true;
            relay.AllowSharedOrigin = true; // every agent has a key, and so a server id, of its own
            _setup.Relay?.Invoke(relay);
        });
        _setup.Hub?.Invoke(builder);
        var hub = builder.Build();
        hub.UseTunnelRelay();
        await hub.StartAsync(TestContext.Current.CancellationToken);
        _visitor = hub.GetTestClient();
        _hub = hub;
    }

    /// <summary>Stops the hub in order; dials are refused until it starts again.</summary>
    public async Task StopHubAsync()
    {
        if (_hub is { } hub)
        {
            _hub = null;
            _visitor?.Dispose();
            await hub.StopAsync(CancellationToken.None);
            await hub.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        var stopping = StopAllAsync();
        if (_setup.Time is FakeTime time)
        {
            await time.AdvanceUntilAsync(stopping, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        }

        await stopping;
        _folder.Dispose();
    }

    private async Task StopAllAsync()
    {
        await Task.WhenAll(_agents.Select(agent => agent.Path.HealAsync()));
        await Task.WhenAll(_agents.Select(agent => agent.DisposeAsync().AsTask()));
        await StopHubAsync();
    }
}
