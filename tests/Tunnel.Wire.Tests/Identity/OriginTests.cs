using Tunnel.Wire.Identity;

namespace Tunnel.Wire.Tests.Identity;

public sealed class OriginTests
{
    [Theory]
    [InlineData("https://relay.example/base/?q#f", "https://relay.example")]
    [InlineData("https://relay.example:443", "https://relay.example")]
    [InlineData("wss://Relay.Example:443/.tunnel/connect", "https://relay.example")]
    [InlineData("ws://relay.example", "http://relay.example")]
    [InlineData("ws://relay.example:443", "http://relay.example:443")]
    [InlineData("https://relay.example:80", "https://relay.example:80")]
    [InlineData("http://localhost:5000", "http://localhost:5000")]
    [InlineData("http://user:secret@relay.example", "http://relay.example")]
    [InlineData("http://[::1]:5000", "http://[::1]:5000")]
    [InlineData("http://[2001:DB8:0:0::1]", "http://[2001:db8::1]")]
    [InlineData("https://bücher.example", "https://xn--bcher-kva.example")]
    public void An_origin_is_scheme_host_and_port(string address, string origin) =>
        Assert.Equal(origin, Origin.Of(new Uri(address)));

    [Theory]
    [InlineData("ftp://relay.example")]
    [InlineData("file:///etc/passwd")]
    [InlineData("/relative")]
    public void Other_addresses_have_none(string address) =>
        Assert.Throws<ArgumentException>(() => Origin.Of(new Uri(address, UriKind.RelativeOrAbsolute)));
}
