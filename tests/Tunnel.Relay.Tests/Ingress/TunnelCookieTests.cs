using Tunnel.Relay.Ingress;

namespace Tunnel.Relay.Tests.Ingress;

public sealed class TunnelCookieTests
{
    [Theory]
    [InlineData("a=1", "a=1")]
    [InlineData("a=1; Path=/", "a=1; path=/t/demo/")]
    [InlineData("a=1; path=/admin; HttpOnly", "a=1; HttpOnly; path=/t/demo/admin")]
    [InlineData("a=1; Path=/t/demo; Secure", "a=1; Path=/t/demo; Secure")]
    [InlineData("a=1; Path=/t/demo/x", "a=1; Path=/t/demo/x")]
    [InlineData("a=1; Path=/t/demolition", "a=1; path=/t/demo/t/demolition")]
    [InlineData("a=1; Path=/t/demo; Path=/", "a=1; path=/t/demo/")]
    [InlineData("a=1; Path=/; Path=/t/demo; Secure", "a=1; Secure; path=/t/demo")]
    [InlineData("a=1; DOMAIN=example.com; SameSite=Lax", "a=1; SameSite=Lax; path=/t/demo/")]
    [InlineData("a=1; Path=/t/demo/x; Domain=example.com", "a=1; path=/t/demo/x")]
    [InlineData("a=1; Domain; Path", "a=1; path=/t/demo/")]
    [InlineData("a=b=c;Path=relative", "a=b=c;Path=relative")]
    public void Confine_AnyCookie_StaysUnderThePrefixWithoutDomain(string cookie, string expected) =>
        Assert.Equal(expected, TunnelCookie.Confine(cookie, new VisitorTarget(VisitorTargetKind.Path, "/t/demo/page", 3, 4, 7)));

    [Fact]
    public void Confine_CookieWithoutPathForATargetWithoutSlash_GetsThePrefix() => Assert.Equal(
        "a=1; path=/t/demo/", TunnelCookie.Confine("a=1", new VisitorTarget(VisitorTargetKind.PathWithoutSlash, "/t/demo", 3, 4, 7)));
}
