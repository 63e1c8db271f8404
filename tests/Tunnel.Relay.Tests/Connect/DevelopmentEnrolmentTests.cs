using System.Net;
using Microsoft.AspNetCore.Http;
using Tunnel.Relay.Connect;

namespace Tunnel.Relay.Tests.Connect;

public sealed class DevelopmentEnrolmentTests
{
    private static readonly EnrolmentFacts Good = new(
        IsEnabled: true,
        IsDevelopment: true,
        new ConnectionFacts(IPAddress.Loopback, IPAddress.Loopback, ["http://localhost:5000", "https://127.0.0.1:5001", "http://[::1]:5002"]),
        Host: "localhost",
        ProxyHeader: null);

    [Fact]
    public void A_developer_on_the_same_machine_gets_in() => Assert.Null(DevelopmentEnrolment.Refuse(Good));

    [Fact]
    public void An_in_memory_server_counts_as_local() =>
        Assert.Null(DevelopmentEnrolment.Refuse(Good with { Connection = new ConnectionFacts(null, null, []) }));

    [Fact]
    public void Each_switch_is_needed()
    {
        AssertRefused("DevelopmentEnrolment is off", Good with { IsEnabled = false });
        AssertRefused("Development environment", Good with { IsDevelopment = false });
        AssertRefused("header Via", Good with { ProxyHeader = "Via" });
    }

    [Theory]
    [InlineData("http://*:5000")]
    [InlineData("http://+:5000")]
    [InlineData("http://0.0.0.0:5000")]
    [InlineData("http://[::]:5000")]
    [InlineData("http://192.168.1.5:5000")]
    [InlineData("http://relay.example:5000")]
    [InlineData("http://dev.localhost:5000")]
    [InlineData("http://unix:/tmp/relay.sock")]
    [InlineData("http://pipe:/relay")]
    [InlineData("rubbish")]
    public void Every_bound_address_must_be_loopback(string open)
    {
        AssertRefused(open, Good with { Connection = Good.Connection with { BoundAddresses = ["http://localhost:5000", open] } });
        AssertRefused(open, Good with { Connection = new ConnectionFacts(null, null, [open]) });
    }

    [Theory]
    [InlineData("192.168.1.5", "127.0.0.1", "from another address")]
    [InlineData("127.0.0.1", "192.168.1.5", "to another one")]
    [InlineData(null, "127.0.0.1", "from another address")]
    [InlineData("127.0.0.1", null, "to another one")]
    [InlineData(null, null, "from another address")]
    public void Both_ends_must_be_loopback(string? remote, string? local, string reason) =>
        AssertRefused(reason, Good with { Connection = Good.Connection with { Remote = Parse(remote), Local = Parse(local) } });

    [Fact]
    public void A_server_that_hides_its_addresses_is_not_trusted() =>
        AssertRefused("does not", Good with { Connection = Good.Connection with { BoundAddresses = [] } });

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.9.10", true)]
    [InlineData("[::1]", true)]
    [InlineData("", false)]
    [InlineData("localhost.", false)]
    [InlineData("demo.localhost", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("127.1", false)]
    [InlineData("2130706433", false)]
    [InlineData("::1", false)]
    [InlineData("[127.0.0.1]", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("192.168.1.5", false)]
    public void The_host_must_be_loopback(string host, bool expected) =>
        Assert.Equal(expected, DevelopmentEnrolment.Refuse(Good with { Host = host }) is null);

    [Theory]
    [InlineData("Origin", "Origin")]
    [InlineData("origin", "Origin")]
    [InlineData("Forwarded", "Forwarded")]
    [InlineData("Via", "Via")]
    [InlineData("X-Real-IP", "X-Real-IP")]
    [InlineData("X-Forwarded-For", "X-Forwarded-*")]
    [InlineData("x-forwarded-anything", "X-Forwarded-*")]
    [InlineData("X-Original-For", "X-Original-*")]
    [InlineData("X-Original-Proto", "X-Original-*")]
    [InlineData("X-Original-Host", "X-Original-*")]
    [InlineData("X-Original-Prefix", "X-Original-*")]
    [InlineData("User-Agent", null)]
    [InlineData("Sec-WebSocket-Protocol", null)]
    public void Headers_give_proxies_and_browsers_away(string name, string? found) =>
        Assert.Equal(found, ProxyHeaders.Find(new HeaderDictionary { [name] = "" }));

    private static IPAddress? Parse(string? address) => address is null ? null : IPAddress.Parse(address);

    private static void AssertRefused(string reason, EnrolmentFacts facts) =>
        Assert.Contains(reason, DevelopmentEnrolment.Refuse(facts));
}
