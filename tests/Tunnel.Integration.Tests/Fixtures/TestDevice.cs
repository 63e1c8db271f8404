using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tunnel.Agent;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>What differs from a device with nothing but the agent.</summary>
internal sealed class DeviceSetup
{
    public string? Slug { get; set; } = TunnelPair.Slug;

    /// <summary>Runs before <c>AddTunnelAgent</c>.</summary>
    public Action<WebApplicationBuilder>? BuildFirst { get; set; }

    /// <summary>Runs after <c>AddTunnelAgent</c>.</summary>
    public Action<WebApplicationBuilder>? Build { get; set; }

    public Action<TunnelAgentOptions>? Agent { get; set; }

    public Action<WebApplication> Pipeline { get; set; } = _ => { };
}

/// <summary>An app with an agent, its own Kestrel at a loopback port, and a key of its own.</summary>
internal sealed class TestDevice : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    private TestDevice(Uri relay, DeviceSetup setup)
    {
        // Not Development: the exception page there would answer in place of the server.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            EnvironmentName = "Production",
            ContentRootPath = _folder.Path,
            ApplicationName = "device",
        });
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection([new("urls", "http://127.0.0.1:0")]);
        setup.BuildFirst?.Invoke(builder);
        builder.Services.AddTunnelAgent(relay, agent =>
        {
            agent.Slug = setup.Slug;
            agent.CredentialsFile = _folder.File("tunnel.json");
            setup.Agent?.Invoke(agent);
        });
        setup.Build?.Invoke(builder);
        App = builder.Build();
        setup.Pipeline(App);
    }

    public WebApplication App { get; }

    public ITunnelAgent Agent => App.Services.GetRequiredService<ITunnelAgent>();

    /// <summary>The device's own Kestrel.</summary>
    public Uri Url => new(App.Urls.First());

    /// <summary>Starts the app and does not wait for the tunnel.</summary>
    public static async Task<TestDevice> StartAsync(Uri relay, Action<DeviceSetup>? configure = null)
    {
        var setup = new DeviceSetup();
        configure?.Invoke(setup);
        var device = new TestDevice(relay, setup);
        try
        {
            await device.App.StartAsync(TestContext.Current.CancellationToken);
            return device;
        }
        catch
        {
            // A host that did not start cannot be stopped.
            await device.App.DisposeAsync();
            device._folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync(CancellationToken.None);
        await App.DisposeAsync();
        _folder.Dispose();
    }
}
