using Tunnel.Agent.Serving.Forwarding;

namespace Tunnel.Agent.Tests.Forwarding;

public sealed class ForwardTargetTests
{
    [Theory]
    [InlineData("http://localhost:3000", "localhost:3000", false)]
    [InlineData("http://localhost/", "localhost", false)]
    [InlineData("https://[::1]:5001", "[::1]:5001", true)]
    [InlineData("https://example.test:443", "example.test", true)]
    [InlineData("h2c://localhost:5000", "localhost:5000", false)]
    [InlineData("h2c://[::1]/", "[::1]", false)]
    [InlineData("unix:///run/app.sock", "localhost", false)]
    public void AddressOfAServerIsTaken(string value, string authority, bool isTls)
    {
        Assert.True(ForwardTarget.TryParse(new Uri(value), out var target, out var error), error);
        Assert.Equal((authority, isTls), (target!.Authority, target.IsTls));
    }

    [Theory]
    [InlineData("localhost:3000", "http://")]
    [InlineData("/app", "http://")]
    [InlineData("ftp://localhost", "http://")]
    [InlineData("http://me:secret@localhost", "credentials")]
    [InlineData("http://localhost/app", "path")]
    [InlineData("http://localhost/?x=1", "query")]
    [InlineData("http://localhost/#x", "fragment")]
    [InlineData("h2c://localhost:5000/app", "path")]
    [InlineData("h2c:///", "h2c://localhost:5000")]
    [InlineData("unix://run/app.sock", "unix:///run/app.sock")]
    [InlineData("unix:///", "unix:///run/app.sock")]
    public void AnythingElseIsRefusedWithASentence(string value, string hint)
    {
        Assert.False(ForwardTarget.TryParse(new Uri(value, UriKind.RelativeOrAbsolute), out _, out var error));
        Assert.StartsWith("Tunnel:Agent:ForwardTo ", error, StringComparison.Ordinal);
        Assert.Contains(hint, error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("preserve", true)]
    [InlineData("app.internal:81", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a\r\nX: y", false)]
    public void HostIsCheckedBeforeItIsUsed(string? value, bool isUsable) => Assert.Equal(isUsable, HostRule.Check(value, "Tunnel:Agent:ForwardHost") is null);
}
