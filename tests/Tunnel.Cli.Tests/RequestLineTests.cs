using Tunnel.Agent;

namespace Tunnel.Cli.Tests;

public sealed class RequestLineTests
{
    [Theory]
    [InlineData("/path", 200, 1234, 3, TunnelRequestOutcome.Completed, "GET /path 200 1.2 kB 3 ms")]
    [InlineData("/", 204, 0, 12_345, TunnelRequestOutcome.Completed, "GET / 204 0 B 12.3 s")]
    [InlineData("/big", 200, 5_000_000, 40, TunnelRequestOutcome.Aborted, "GET /big 200 5 MB 40 ms (aborted)")]
    [InlineData("/x", 0, 0, 1, TunnelRequestOutcome.TargetUnreachable, "GET /x --- 0 B 1 ms (the local server does not answer)")]
    [InlineData("/\e[2J\u202e", 404, 9, 1, TunnelRequestOutcome.Completed, "GET /?[2J? 404 9 B 1 ms")]
    public void SaysWhatAPersonWantsToKnow(
        string path, int status, long bytes, int milliseconds, TunnelRequestOutcome outcome, string expected)
    {
        var request = new TunnelRequest("GET", path, status, bytes, TimeSpan.FromMilliseconds(milliseconds), outcome);

        Assert.Equal(expected, RequestLine.Format(request));
    }
}
