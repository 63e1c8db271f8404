using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tunnel.Relay.Storage;
using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Tests.Fixtures;

/// <summary>A relay on Kestrel at a loopback port, whose clock the test sets. Its agents are driven by hand.</summary>
internal sealed class TestRelay : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tunnel-relay-").FullName;
    private readonly List<IAsyncDisposable> agents = [];
    private readonly Dictionary<string, string?> settings;
    private WebApplication? app;

    private TestRelay(Dictionary<string, string?> settings) => this.settings = settings;

    public ManualTime Time { get; } = new();

    public Uri Url { get; private set; } = null!;

    /// <summary>Where the relay speaks HTTP/2 and nothing else.</summary>
    public Uri Http2Url { get; private set; } = null!;

    public HttpClient Visitor { get; private set; } = null!;

    public WebApplication App => app!;

    public KeyRing Keys => Get<KeyRing>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public T Get<T>()
        where T : notnull => App.Services.GetRequiredService<T>();

    public static async Task<TestRelay> StartAsync(params (string Name, string Value)[] settings)
    {
        var relay = new TestRelay(settings.ToDictionary(setting => "Tunnel:Relay:" + setting.Name, string? (setting) => setting.Value));
        await relay.StartAsync();
        return relay;
    }

    /// <summary>A new process at another port, with the folder of the one before.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>An agent with a registered key.</summary>
    /// <param name="serverId">The owner, or null for one of its own.</param>
    /// <param name="key">Another agent's key, or null for a new one.</param>
    public HandAgent Agent(string? serverId = null, SigningKey? key = null)
    {
        var own = key ?? SigningKey.Create();
        Keys.Register(own.PublicKey, serverId);
        var agent = new HandAgent(this, own);
        agents.Add(agent);
        return agent;
    }

    /// <summary>One that shares its slugs with others of its owner.</summary>
    public HandAgent PoolAgent(string serverId)
    {
        var agent = Agent(serverId);
        agent.Pools = true;
        return agent;
    }

    public Task<HttpResponseMessage> GetAsync(string path) => Visitor.GetAsync(path, Stop);

    /// <summary>Waits for what the relay does by itself.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        async Task WaitAsync()
        {
            while (!condition())
            {
                await Task.Delay(1, Stop);
            }
        }

        await WaitAsync().InTime();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in agents)
        {
            await agent.DisposeAsync();
        }

        await StopAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task StartAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ContentRootPath = folder });
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Tunnel:Relay:DataDirectory"] = Path.Combine(folder, "relay"),
            ["Tunnel:Relay:AllowSharedOrigin"] = "true",
        });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddTunnelRelay();
        app = builder.Build();
        app.UseTunnelRelay();
        await app.StartAsync(Stop);
        Url = new Uri(app.Urls.First());
        Http2Url = new Uri(app.Urls.Last());
        Visitor = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = Url };
    }

    private async Task StopAsync()
    {
        Visitor.Dispose();
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        try
        {
            await App.StopAsync(atOnce.Token);
        }
        catch (OperationCanceledException)
        {
            // Agents were still there.
        }

        await App.DisposeAsync();
    }
}
