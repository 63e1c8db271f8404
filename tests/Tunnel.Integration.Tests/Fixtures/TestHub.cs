using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>What differs from a hub with nothing but the relay.</summary>
internal sealed class HubSetup
{
    public Dictionary<string, string?> Settings { get; } = new()
    {
        ["Tunnel:Relay:DevelopmentEnrolment"] = "true",
    };

    public Action<WebApplicationBuilder>? Build { get; set; }

    public Action<WebApplication> Pipeline { get; set; } = app => app.UseTunnelRelay();
}

/// <summary>A relay on Kestrel at a loopback port, with a data folder of its own. It can be stopped and started again.</summary>
internal sealed class TestHub(HubSetup setup) : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private WebApplication? _app;
    private int _port; // 0 until the first start

    public WebApplication App => _app!;

    public Uri Url => new($"http://127.0.0.1:{_port}/");

    public static async Task<TestHub> StartAsync(Action<HubSetup>? configure = null)
    {
        var setup = new HubSetup();
        configure?.Invoke(setup);
        var hub = new TestHub(setup);
        try
        {
            await hub.StartAsync();
            return hub;
        }
        catch
        {
            await hub.DisposeAsync();
            throw;
        }
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            EnvironmentName = "Development",
            ContentRootPath = _folder.Path,
            ApplicationName = "hub",
        });
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(setup.Settings);
        builder.Configuration.AddInMemoryCollection([new("urls", $"http://127.0.0.1:{_port}")]);
        builder.Configuration["Tunnel:Relay:DataDirectory"] ??= _folder.File("relay");
        setup.Build?.Invoke(builder);
        _app = builder.Build();
        setup.Pipeline(_app);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _port = new Uri(_app.Urls.First()).Port;
    }

    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
        }
    }

    /// <summary>A client without redirects, cookies, proxies and decompression.</summary>
    public static HttpClient CreateClient(Uri baseAddress, Action<SocketsHttpHandler>? configure = null)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
        };
        configure?.Invoke(handler);
        return new HttpClient(handler) { BaseAddress = baseAddress, Timeout = TimeSpan.FromSeconds(60) };
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }
}
