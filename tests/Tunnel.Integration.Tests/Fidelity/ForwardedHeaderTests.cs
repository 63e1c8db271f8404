using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>What the relay tells the app about its visitor, and that nobody else can.</summary>
public sealed class ForwardedHeaderTests(FidelityRig rig, TrustingRig trusting) : IClassFixture<FidelityRig>, IClassFixture<TrustingRig>
{
    private static readonly string[] Names =
    [
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Server", "X-Real-IP",
        "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Original-Prefix",
    ];

    [Theory]
    [EveryWay]
    public async Task VisitorsOwn_AreDropped(Via via)
    {
        var way = rig[via];
        string[] spoofed = [.. Names.SelectMany(name => new[]
        {
            $"{name}: 6.6.6.6", $"{name.ToLowerInvariant()}: 6.6.6.7", $"{name.Replace('-', '_')}: 6.6.6.8", $"{name.Replace('-', '_').ToUpperInvariant()}: 6.6.6.9",
            name.IndexOf('-') is > 0 and var dash ? $"{name[..dash]}_{name[(dash + 1)..]}: 6.6.6.10" : "X-Nothing: 1",
        })];

        Assert.Equal(Expected(way, "127.0.0.1", "http"), await ForwardedAsync(way, spoofed));
    }

    [Theory]
    [EveryWay]
    public async Task ProxyThatTheHubTrusts_IsBelievedAboutTheVisitor(Via via)
    {
        var way = trusting[via];

        var seen = await ForwardedAsync(way, "X-Forwarded-For: 6.6.6.6, 192.0.2.7", "X-Forwarded-Proto: https", "X-Real-IP: 6.6.6.6");

        Assert.Equal(Expected(way, "192.0.2.7", "https"), seen);
        var account = await AccountAsync(way, "X-Forwarded-For: 2001:db8::7", "X-Forwarded-Proto: https");
        Assert.Contains("> X-Forwarded-For: 2001:db8::7", account);
        Assert.Contains(account, line => line.StartsWith("> Forwarded: for=\"[2001:db8::7]\";", StringComparison.Ordinal));
        if (via <= Via.InProcessBySubdomain)
        {
            Assert.Contains("scheme https", account);
        }
    }

    private static string[] Expected(Way way, string address, string scheme) =>
    [
        $"Forwarded: for={address};host=\"{way.Host}\";proto={scheme}",
        $"X-Forwarded-For: {address}",
        $"X-Forwarded-Host: {way.Host}",
        .. way.Prefix.Length > 0 ? [$"X-Forwarded-Prefix: {way.Prefix}"] : Array.Empty<string>(),
        $"X-Forwarded-Proto: {scheme}",
    ];

    private static async Task<string[]> ForwardedAsync(Way way, params string[] headers) =>
    [
        .. (await AccountAsync(way, headers))
            .Where(line => line.StartsWith(Seen.HeaderMark, StringComparison.Ordinal)).Select(line => line[Seen.HeaderMark.Length..])
            .Where(line => Names.Contains(line.Split(':')[0].Replace('_', '-'), StringComparer.OrdinalIgnoreCase)),
    ];

    private static async Task<string[]> AccountAsync(Way way, params string[] headers) =>
        (await RawConnection.RequestAsync(way.Url, way.Head("GET", "/", headers))).Text.Split('\n');
}

/// <summary>A hub behind a reverse proxy, as its documentation says.</summary>
public sealed class TrustingRig : FidelityRig
{
    private protected override void ConfigureHub(HubSetup hub) => hub.Pipeline = app =>
    {
        app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto });
        app.UseTunnelRelay();
    };
}
