using Tunnel.Agent;
using Tunnel.Cli.Output;

namespace Tunnel.Cli.Tests.Output;

public sealed class RequestLineTests
{
    [Theory]
    [InlineData("GET", "/path", 200, 1234, 3, TunnelRequestOutcome.Completed, "14:02:11  200  GET        1.2 kB      3 ms  /path")]
    [InlineData("DELETE", "/", 204, 0, 12_345, TunnelRequestOutcome.Completed, "14:02:11  204  DELETE        0 B    12.3 s  /")]
    [InlineData("GET", "/big", 200, 999_960_000, 4_000_000, TunnelRequestOutcome.Aborted, "14:02:11  200  GET        1.0 GB    1h 06m  /big  (the visitor left)")]
    [InlineData("GET", "/x", 0, 0, 1, TunnelRequestOutcome.TargetUnreachable, "14:02:11  ---  GET           0 B      1 ms  /x  (the local server does not answer)")]
    [InlineData("GET", "/ws", 101, 5, 61_000, TunnelRequestOutcome.Aborted, "14:02:11  101  GET           5 B    1m 01s  /ws  (closed)")]
    [InlineData("G\e[31m", "/\e[2J\u202e\u2028\u009bé", 404, 9, 1, TunnelRequestOutcome.Completed, "14:02:11  404  G?[31m        9 B      1 ms  /?[2J???é")]
    public void SaysWhatAPersonWantsToKnow(
        string method, string path, int status, long bytes, int milliseconds, TunnelRequestOutcome outcome, string expected)
    {
        var request = new TunnelRequest(method, path, status, bytes, TimeSpan.FromMilliseconds(milliseconds), outcome);

        Assert.Equal(expected, RequestLine.Format(FixedTime.Instant, request, isOpen: false, new Palette(false), columns: null));
    }

    [Fact]
    public void CharactersBeyondTheFirstPlaneAreJudgedWhole() => Assert.Equal("/?\ufffd😀", PrintableText.Of("/\U000e0041\ud83d😀"));

    [Theory]
    [InlineData(101, "36")]
    [InlineData(204, "32")]
    [InlineData(304, "36")]
    [InlineData(404, "33")]
    [InlineData(502, "31")]
    public void StatusHasTheColourOfItsClass(int status, string colour)
    {
        var request = new TunnelRequest("GET", "/", status, 0, TimeSpan.Zero, TunnelRequestOutcome.Completed);

        var line = RequestLine.Format(FixedTime.Instant, request, isOpen: true, new Palette(true), columns: null);

        Assert.Contains($"\e[{colour}m{status}\e[0m", line, StringComparison.Ordinal);
    }

    [Fact]
    public void LongPathIsCutToTheWindow()
    {
        var request = new TunnelRequest("GET", "/" + new string('x', 500), 200, 0, TimeSpan.Zero, TunnelRequestOutcome.Aborted);

        var line = RequestLine.Format(FixedTime.Instant, request, isOpen: false, new Palette(false), columns: 100);

        Assert.Equal(100, line.Length);
        Assert.EndsWith("x…  (the visitor left)", line, StringComparison.Ordinal);
    }
}
