using Tunnel.Cli.Output;

namespace Tunnel.Cli.Tests.Output;

public sealed class TerminalTraitsTests
{
    [Theory]
    [InlineData(false, false, null, "xterm", true, true)]
    [InlineData(false, false, "", "xterm", true, true)]
    [InlineData(false, false, "1", "xterm", false, false)]
    [InlineData(false, false, null, "dumb", false, false)]
    [InlineData(true, false, null, "xterm", false, true)]
    [InlineData(false, true, null, "xterm", true, false)]
    public void ColoursAreWhereSomebodySeesAndWantsThem(
        bool outputRedirected, bool errorsRedirected, string? noColor, string? term, bool output, bool errors)
    {
        var traits = TerminalTraits.Of(outputRedirected, errorsRedirected, name => name == "NO_COLOR" ? noColor : name == "TERM" ? term : null);

        Assert.Equal(new TerminalTraits(!outputRedirected, output, errors) { Window = traits.Window }, traits);
    }
}
