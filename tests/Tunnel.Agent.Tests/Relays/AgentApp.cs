using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tunnel.Agent.Dialing;

namespace Tunnel.Agent.Tests.Relays;

/// <summary>An app whose only server is the tunnel to a scripted relay.</summary>
internal sealed class AgentApp : IAsyncDisposable
{
    /// <summary>After which the agent tries again for the first time; there is no chance in it here.</summary>
    public static readonly TimeSpan FirstWait = ReconnectSchedule.First / 2;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tunnel-agent-");

    private AgentApp(ScriptedRelay relay, RequestDelegate serve, Action<TunnelAgentOptions>? configure, TimeProvider? time)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "agent" });
        builder.WebHost.UseTunnelServer();
        builder.Logging.AddProvider(Log);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddTunnelAgent(ScriptedRelay.Address, options =>
        {
            options.Slug = "demo";
            options.CredentialsFile = Path.Combine(_folder.FullName, "tunnel.json");
            options.Connect = relay.ConnectAsync;
            configure?.Invoke(options);
        });
        builder.Services.AddSingleton(new ReconnectSchedule(new FixedRandom(0.5)));
        App = builder.Build();
        App.Run(serve);
        Agent.Changed += agent => States.Enqueue(agent.State);
    }

    public WebApplication App { get; }

    public RecordedLog Log { get; } = new();

    public ITunnelAgent Agent => App.Services.GetRequiredService<ITunnelAgent>();

    /// <summary>Every state that was reported, in order.</summary>
    public ConcurrentQueue<TunnelAgentState> States { get; } = new();

    public static async Task<AgentApp> StartAsync(
        ScriptedRelay relay, RequestDelegate? serve = null, Action<TunnelAgentOptions>? configure = null, TimeProvider? time = null)
    {
        var app = new AgentApp(relay, serve ?? (_ => Task.CompletedTask), configure, time);
        await app.App.StartAsync(TestContext.Current.CancellationToken).InTime();
        return app;
    }

    /// <summary>Waits until the agent says so.</summary>
    public async Task UntilAsync(Func<ITunnelAgent, bool> condition)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Agent.Changed += Look;
        try
        {
            Look(Agent);
            await met.Task.InTime();
        }
        finally
        {
            Agent.Changed -= Look;
        }

        void Look(ITunnelAgent agent)
        {
            if (condition(agent))
            {
                met.TrySetResult();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync(CancellationToken.None).InTime();
        await App.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
