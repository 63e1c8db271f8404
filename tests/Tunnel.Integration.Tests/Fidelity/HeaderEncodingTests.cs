using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Octets of header values outside ASCII, which UTF-8 and Latin-1 read differently (RFC 9110 section 5.5).</summary>
public sealed class HeaderEncodingTests(FidelityRig plain, AdaptedRig adapted, Latin1Rig latin1)
    : IClassFixture<FidelityRig>, IClassFixture<AdaptedRig>, IClassFixture<Latin1Rig>
{
    private const string Utf8 = "caf\xC3\xA9 \xE2\x82\xAC"; // each char an octet
    private const string Latin1 = "caf\xE9 \xFF\x80";

    private FidelityRig Rig(string name) => name switch
    {
        nameof(plain) => plain,
        nameof(adapted) => adapted,
        _ => latin1,
    };

    [Theory]
    [EveryWay(nameof(plain), nameof(adapted), nameof(latin1))]
    public async Task App_SeesAndSendsWhatItWouldWithoutTheTunnel(Via via, string name)
    {
        var rig = Rig(name);
        var answer = rig.Serve(context =>
        {
            context.Response.Headers["X-Answer"] = "caf\xE9";
            return Task.CompletedTask;
        });
        using var comparison = new Comparison(rig[via]);

        await comparison.AskAsync("GET", "/utf-8", $"X-Name: {Utf8}");
        await comparison.AskAsync("GET", "/latin-1", $"X-Name: {Latin1}");
        await comparison.AskAsync("GET", "/cookie", $"Cookie: a={Latin1}; b={Utf8}");
        await comparison.AskAsync("GET", "/answer", answer);

        comparison.AssertSame();
    }

    [Theory]
    [EveryWay(Utf8, Latin1, Forwarded = true)]
    public async Task Octets_PassAnAdaptedHubBothWays(Via via, string value)
    {
        using var visitor = await RawConnectionTo(adapted.ToTarget(via), $"X-Name: {value}");
        using var target = await adapted.Target.AcceptAsync();

        Assert.Contains($"\r\nX-Name: {value}\r\n", await target.ReadHeadAsync(), StringComparison.Ordinal);
        await target.SendAsync($"HTTP/1.1 200 OK\r\nX-Answer: {value}\r\nContent-Length: 2\r\n\r\nok");

        Assert.Equal(value, (await visitor.ReadResponseAsync().Soon()).Header("X-Answer"));
    }

    /// <summary>Kestrel's default takes UTF-8 and sends ASCII only, for all of the app.</summary>
    [Theory]
    [EveryWay(Forwarded = true)]
    public async Task Octets_AnyOtherHub_TakesUtf8AndLeavesOutWhatItCannotSend(Via via)
    {
        using var visitor = await RawConnectionTo(plain.ToTarget(via), $"X-Name: {Utf8}");
        using var target = await plain.Target.AcceptAsync();

        Assert.Contains($"\r\nX-Name: {Utf8}\r\n", await target.ReadHeadAsync(), StringComparison.Ordinal);
        await target.SendAsync($"HTTP/1.1 200 OK\r\nX-Answer: {Latin1}\r\nX-Plain: 1\r\nContent-Length: 2\r\n\r\nok");
        var response = await visitor.ReadResponseAsync().Soon();

        Assert.Equal((200, "ok", "1", null), (response.Status, response.Text, response.Header("X-Plain"), response.Header("X-Answer")));
    }

    private static async Task<RawConnection> RawConnectionTo(Way way, params string[] headers)
    {
        var visitor = await RawConnection.OpenAsync(way.Url);
        await visitor.SendAsync(way.Head("GET", "/", headers));
        return visitor;
    }
}
