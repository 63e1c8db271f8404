using Tunnel.Relay.Ingress;

namespace Tunnel.Relay.Tests.Ingress;

public sealed class TunnelCookieTests
{
    [Theory]
    [InlineData("a=1", "a=1; path=/t/demo/")]
    [InlineData("a=1; Path=/", "a=1; path=/t/demo/")]
    [InlineData("a=1; path=/admin; HttpOnly", "a=1; HttpOnly; path=/t/demo/admin")]
    [InlineData("a=1; Path=/t/demo; Secure", "a=1; Secure; path=/t/demo")]
    [InlineData("a=1; Path=/t/demo/x", "a=1; path=/t/demo/x")]
    [InlineData("a=1; Path=/t/demolition", "a=1; path=/t/demo/t/demolition")]
    [InlineData("a=1; Path=/t/demo; Path=/", "a=1; path=/t/demo/")]
    [InlineData("a=1; DOMAIN=example.com; SameSite=Lax", "a=1; SameSite=Lax; path=/t/demo/")]
    [InlineData("a=1; Domain; Path", "a=1; path=/t/demo/")]
    [InlineData("a=b=c;Path=relative", "a=b=c; path=/t/demo/")]
    public void Confine_AnyCookie_StaysUnderThePrefixWithoutDomain(string cookie, string expected) =>
        Assert.Equal(expected, TunnelCookie.Confine(cookie, "/t/demo"));
}
