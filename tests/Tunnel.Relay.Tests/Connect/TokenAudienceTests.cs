using System.Net;
using Microsoft.AspNetCore.Http;
using Tunnel.Relay.Connect;

namespace Tunnel.Relay.Tests.Connect;

public sealed class TokenAudienceTests
{
    private static readonly ConnectionFacts Local = new(IPAddress.Loopback, IPAddress.Loopback, ["http://localhost:5000"]);
    private static readonly ConnectionFacts Remote = new(IPAddress.Parse("203.0.113.10"), IPAddress.Parse("203.0.113.9"), ["http://*:5000"]);
    private static readonly ConnectionFacts RemoteV6 = new(IPAddress.Parse("2001:db8::10"), IPAddress.Parse("2001:db8::9"), ["http://*:5000"]);
    private static readonly ConnectionFacts InMemory = new(null, null, []);

    private readonly TunnelRelayOptions options = new();

    [Theory]
    [InlineData("relay.example")]
    [InlineData("localhost:5000")]
    [InlineData("")]
    public void A_configured_origin_counts_whatever_is_dialled(string host)
    {
        options.PublicUrl = new Uri("https://Relay.example:443/base");

        Assert.Equal("https://relay.example", Ask("http", host, Remote).Origin);
    }

    [Theory]
    [InlineData("http", "localhost:5000", "http://localhost:5000")]
    [InlineData("https", "LOCALHOST", "https://localhost")]
    [InlineData("http", "127.0.0.1:80", "http://127.0.0.1")]
    [InlineData("http", "[::1]:5000", "http://[::1]:5000")]
    public void Loopback_is_known_to_be_this_machine(string scheme, string host, string expected)
    {
        Assert.Equal(expected, Ask(scheme, host, Local).Origin);
        Assert.Equal(expected, Ask(scheme, host, InMemory).Origin);
        AssertRefused(Ask(scheme, host, Remote));
        AssertRefused(Ask(scheme, host, Local with { Remote = Remote.Remote }));
        AssertRefused(Ask(scheme, host, Local with { Local = Remote.Local }));
        AssertRefused(Ask(scheme, host, new ConnectionFacts(null, null, ["http://unix:/tmp/relay.sock"])));
    }

    [Theory]
    [InlineData("tunnel.example.com", true)]
    [InlineData("Demo.Tunnel.Example.com:8443", true)]
    [InlineData("eviltunnel.example.com", false)]
    [InlineData("tunnel.example.com.evil", false)]
    [InlineData("example.com", false)]
    public void The_configured_domain_is_known(string host, bool expected)
    {
        options.Domain = "tunnel.example.com";

        Assert.Equal(expected ? "https://" + host.ToLowerInvariant() : null, Ask("https", host, Remote).Origin);
    }

    [Fact]
    public void The_address_that_was_dialled_is_known()
    {
        Assert.Equal("http://203.0.113.10:5000", Ask("http", "203.0.113.10:5000", Remote).Origin);
        Assert.Equal("http://[2001:db8::10]", Ask("http", "[2001:db8::10]", RemoteV6).Origin);
        AssertRefused(Ask("http", "203.0.113.9", Remote));
        AssertRefused(Ask("http", "[2001:db8::9]", RemoteV6));
    }

    [Theory]
    [InlineData("relay.example")]
    [InlineData("")]
    [InlineData("user@localhost")]
    [InlineData("localhost/path")]
    [InlineData("localhost:rubbish")]
    public void Any_other_host_is_refused(string host)
    {
        AssertRefused(Ask("http", host, Local));
        AssertRefused(Ask("http", host, Remote));
    }

    [Fact]
    public void Another_scheme_is_refused() => AssertRefused(Ask("ftp", "localhost", Local));

    private static void AssertRefused(TokenAudience audience)
    {
        Assert.Null(audience.Origin);
        Assert.Contains("Tunnel:Relay:PublicUrl", audience.Refusal);
    }

    private TokenAudience Ask(string scheme, string host, ConnectionFacts connection) =>
        TokenAudience.Of(options, scheme, new HostString(host), connection);
}
