using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>What an app finds at a request in its own process, beside the request itself.</summary>
public sealed class FeatureTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    /// <summary>What Kestrel offers and the tunnel cannot: they are about a connection, which the app's end of the tunnel does not have.</summary>
    private static readonly string[] OfConnections =
    [
        "Microsoft.AspNetCore.Connections.Features.IConnectionIdFeature",
        "Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature",
        "Microsoft.AspNetCore.Connections.Features.IConnectionLifetimeFeature",
        "Microsoft.AspNetCore.Connections.Features.IConnectionMetricsTagsFeature",
        "Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature",
        "Microsoft.AspNetCore.Connections.Features.IConnectionTransportFeature",
        "Microsoft.AspNetCore.Connections.Features.IConnectionEndPointFeature",
        "Microsoft.AspNetCore.Connections.Features.IMemoryPoolFeature",
        "Microsoft.AspNetCore.Connections.Features.IPersistentStateFeature",
        "Microsoft.AspNetCore.Connections.IConnectionLifetimeNotificationFeature",
        "Microsoft.AspNetCore.Http.Features.IBadRequestExceptionFeature",
        "Microsoft.AspNetCore.Http.Features.IHttpExtendedConnectFeature", // a WebSocket is an upgrade of HTTP/1.1 to the app, whatever the visitor's protocol is
        "Microsoft.AspNetCore.Http.Features.IHttpWebTransportFeature",
    ];

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "Content-Length: 0")]
    [InlineData("GET", "Connection: Upgrade\r\nUpgrade: chat")]
    public async Task Features_AreThoseOfKestrel(string method, string header)
    {
        var list = rig.Serve(context => context.Response.WriteAsync(string.Join('\n', context.Features
            .Select(feature => feature.Key.FullName!)
            .Append($"trailers {context.Response.SupportsTrailers()}")
            .Append($"upgradable {context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest}")
            .Append($"body size {context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize}")
            .Append($"synchronous {context.Features.Get<IHttpBodyControlFeature>()?.AllowSynchronousIO}"))));
        string[] headers = header.Length == 0 ? [list] : [list, header];
        var (direct, tunnelled) = (await ListAsync(rig[Via.InProcessByPath].Direct!), await ListAsync(rig[Via.InProcessByPath]));

        var missing = direct.Except(OfConnections).Except(tunnelled);
        var more = tunnelled.Except(direct);
        var differences = string.Join('\n', [.. missing.Select(line => $"- {line}"), .. more.Select(line => $"+ {line}")]);
        Assert.True(differences.Length == 0, differences);

        async Task<string[]> ListAsync(Way way)
        {
            using var visitor = new Visitor(way);
            var response = await visitor.AskAsync(way.Head(method, "/", headers)).Soon();
            return [.. response.Text.Split('\n').Order(StringComparer.Ordinal)];
        }
    }

    [Theory]
    [EveryWay]
    public async Task ConnectionFacts_AreTheVisitors(Via via)
    {
        var facts = rig.Serve(context => context.Response.WriteAsync(
            $"{context.Connection.RemoteIpAddress} {context.Connection.RemotePort > 0} {context.TraceIdentifier.Length > 0} {context.Connection.Id.Length > 0} {context.Connection.ClientCertificate is null} {context.User.Identity!.IsAuthenticated} {context.RequestAborted.CanBeCanceled}"));
        using var comparison = new Comparison(rig[via]);

        await comparison.AskAsync("GET", "/", facts);

        comparison.AssertSame();
    }
}
