using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Agent;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>
/// A hub and one app behind it, reached in every way: through the agent in its own process, through one that forwards to its Kestrel, and
/// directly. A further tunnel forwards to a <see cref="RawTarget"/>. Shared by the tests of a class; those with needs of their own derive from it.
/// </summary>
public class FidelityRig : IAsyncLifetime
{
    private const string ForwardedSlug = "local";
    private const string RawSlug = "raw-bytes";
    private readonly CaseApp _app = new();
    private TestHub? _hub;
    private TestDevice? _device;
    private TestDevice? _forwarder;

    internal TestHub Hub => _hub!;

    /// <summary>Serves the app in-process, and by its own Kestrel directly.</summary>
    internal TestDevice Device => _device!;

    /// <summary>Forwards to the device's Kestrel and to <see cref="Target"/>.</summary>
    internal TestDevice Forwarder => _forwarder!;

    internal RawTarget Target { get; } = new();

    internal Way this[Via via] => via switch
    {
        Via.InProcessByPath => ByPath(via, Device.Url, TunnelPair.Slug, directPrefix: TunnelPair.Prefix),
        Via.InProcessBySubdomain => BySubdomain(via, Device.Url, TunnelPair.Slug),
        Via.ForwardedByPath => ByPath(via, Device.Url, ForwardedSlug, directPrefix: string.Empty),
        _ => BySubdomain(via, Device.Url, ForwardedSlug),
    };

    /// <summary>To <see cref="Target"/>, by one of the two forwarded ways.</summary>
    internal Way ToTarget(Via via) => via == Via.ForwardedByPath
        ? ByPath(via, Target.Url, RawSlug, directPrefix: string.Empty)
        : BySubdomain(via, Target.Url, RawSlug);

    /// <summary>Lets the app answer requests that carry the returned header line.</summary>
    internal string Serve(RequestDelegate handler) => _app.Add(handler);

    /// <inheritdoc cref="Serve(RequestDelegate)"/>
    internal string Serve(Action<IApplicationBuilder> pipeline) => _app.Add(pipeline, Device.App.Services);

    public async ValueTask InitializeAsync()
    {
        _hub = await TestHub.StartAsync(setup =>
        {
            setup.Settings["Tunnel:Relay:Domain"] = TunnelPair.Domain;
            setup.Settings["Tunnel:Relay:AllowSharedOrigin"] = "true"; // two agents with a key each, in path mode
            ConfigureHub(setup);
        });
        _device = await TestDevice.StartAsync(Hub.Url, setup =>
        {
            setup.Pipeline = _app.Map;
            ConfigureDevice(setup);
        });
        _forwarder = await TestDevice.StartAsync(Hub.Url, setup =>
        {
            setup.Slug = ForwardedSlug;
            setup.Build = builder => builder.WebHost.UseTunnelServer();
            setup.Agent = agent =>
            {
                agent.ForwardTo = Device.Url;
                agent.ForwardHost = "preserve";
                agent.Tunnels.Add(new AgentTunnelOptions { Slug = RawSlug, ForwardTo = Target.Url, ForwardHost = "preserve" });
            };
            ConfigureForwarder(setup);
        });
        await Task.WhenAll(
            Device.Agent.WaitUntilConnectedAsync(TunnelPair.Stop).Soon(), Forwarder.Agent.WaitUntilConnectedAsync(TunnelPair.Stop).Soon());
    }

    public virtual async ValueTask DisposeAsync()
    {
        Target.Dispose();
        await (_forwarder?.DisposeAsync() ?? default);
        await (_device?.DisposeAsync() ?? default);
        await (_hub?.DisposeAsync() ?? default);
        GC.SuppressFinalize(this);
    }

    private protected virtual void ConfigureHub(HubSetup hub)
    {
    }

    private protected virtual void ConfigureDevice(DeviceSetup device)
    {
    }

    private protected virtual void ConfigureForwarder(DeviceSetup forwarder)
    {
    }

    private Way ByPath(Via via, Uri direct, string slug, string directPrefix) => ByPath(via.ToString(), direct, slug, directPrefix);

    private protected Way ByPath(string via, Uri direct, string slug, string directPrefix) =>
        new(via, Hub.Url, "any.test", $"/t/{slug}", new Way($"directly as {via}", direct, "any.test", directPrefix, null));

    private Way BySubdomain(Via via, Uri direct, string slug)
    {
        var host = $"{slug}.{TunnelPair.Domain}";
        return new Way(via.ToString(), Hub.Url, host, string.Empty, new Way($"directly as {via}", direct, host, string.Empty, null));
    }
}
