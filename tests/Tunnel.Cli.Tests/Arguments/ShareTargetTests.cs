using System.Net;
using System.Net.Sockets;
using Tunnel.Cli.Arguments;

namespace Tunnel.Cli.Tests.Arguments;

public sealed class ShareTargetTests
{
    [Theory]
    [InlineData("7080", "http://127.0.0.1:7080/ http://[::1]:7080/")]
    [InlineData("http://localhost:7080", "http://127.0.0.1:7080/ http://[::1]:7080/")]
    [InlineData("https://localhost:7080", "https://localhost:7080/")]
    [InlineData("http://192.168.1.20/", "http://192.168.1.20/")]
    [InlineData("localhost:5173", "http://127.0.0.1:5173/ http://[::1]:5173/")]
    [InlineData("192.168.1.20:8080", "http://192.168.1.20:8080/")]
    [InlineData("h2c://localhost:5000", "h2c://localhost:5000/")]
    [InlineData("h2c://grpc.test", "h2c://grpc.test:80/")]
    public void CandidatesAreTriedInThisOrder(string written, string expected)
    {
        var target = ShareTarget.Parse(written, Assert.Fail);

        Assert.Equal(expected.Split(' '), target.Candidates.Select(c => c.AbsoluteUri));
    }

    [Fact]
    public async Task ProbeFindsAServerThatListensOnIPv6Only()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This machine has no IPv6.");
        using var listener = new TcpListener(IPAddress.IPv6Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var found = await ShareTarget.Parse($"{port}", Assert.Fail).ProbeAsync(TestContext.Current.CancellationToken);

        Assert.Equal($"http://[::1]:{port}/", found?.AbsoluteUri);
    }
}
