using Microsoft.AspNetCore.Builder;
using Tunnel.Agent;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>A hub and a device that is connected to it, with a client for each way to the device's app.</summary>
internal sealed class TunnelPair : IAsyncDisposable
{
    public const string Slug = "demo";
    public const string Prefix = "/t/demo";
    public const string Domain = "tunnel.test";

    private TunnelPair(TestHub hub, TestDevice device, Uri publicUrl)
    {
        Hub = hub;
        Device = device;
        PublicUrl = publicUrl;
        Visitor = TestHub.CreateClient(publicUrl);
        HubClient = TestHub.CreateClient(hub.Url);
    }

    public TestHub Hub { get; }

    public TestDevice Device { get; }

    public ITunnelAgent Agent => Device.Agent;

    /// <summary>What the relay gave the agent: the tunnel in path mode.</summary>
    public Uri PublicUrl { get; }

    /// <summary>Relative addresses lead to the device.</summary>
    public HttpClient Visitor { get; }

    /// <summary>Relative addresses lead to the hub.</summary>
    public HttpClient HubClient { get; }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static Task<TunnelPair> StartAsync(
        Action<WebApplication> app, Action<HubSetup>? hub = null, Action<DeviceSetup>? device = null) =>
        StartAsync(hub, setup =>
        {
            setup.Pipeline = app;
            device?.Invoke(setup);
        });

    /// <summary>A hub and a device that has connected to it by a way of its own.</summary>
    public static TunnelPair Of(TestHub hub, TestDevice device) => new(hub, device, new Uri(hub.Url, $"{Prefix}/"));

    /// <summary>A visitor of the tunnel's own host name, which need not resolve.</summary>
    public HttpRequestMessage OnSubdomain(HttpMethod method, string target) =>
        new(method, new Uri(Hub.Url, target)) { Headers = { Host = $"{Slug}.{Domain}" } };

    public async ValueTask DisposeAsync()
    {
        Visitor.Dispose();
        HubClient.Dispose();
        await Device.DisposeAsync();
        await Hub.DisposeAsync();
    }

    private static async Task<TunnelPair> StartAsync(Action<HubSetup>? hubSetup, Action<DeviceSetup> deviceSetup)
    {
        var hub = await TestHub.StartAsync(hubSetup);
        TestDevice? device = null;
        try
        {
            device = await TestDevice.StartAsync(hub.Url, deviceSetup);
            var url = await device.Agent.WaitUntilConnectedAsync(Stop).Soon();
            return new TunnelPair(hub, device, url);
        }
        catch (Exception exception)
        {
            var failure = device?.Agent.LastFailure?.Message;
            if (device is not null)
            {
                await device.DisposeAsync();
            }

            await hub.DisposeAsync();
            throw failure is null ? exception : new InvalidOperationException(failure, exception);
        }
    }
}
