using System.Net;
using Tunnel.Agent.Dialing;

namespace Tunnel.Agent.Tests.Dialing;

public sealed class DialFailureTests
{
    [Theory]
    [InlineData(HttpStatusCode.UpgradeRequired, TunnelFailureReason.NotARelay, "pass the headers Upgrade and Connection")]
    [InlineData(HttpStatusCode.NotFound, TunnelFailureReason.NotARelay, "is no tunnel relay")]
    [InlineData(HttpStatusCode.BadGateway, TunnelFailureReason.Overloaded, "tries again by itself")]
    [InlineData(HttpStatusCode.Forbidden, TunnelFailureReason.KeyRefused, "a proxy or a policy")]
    public void StatusIsExplainedWithItsRemedy(HttpStatusCode status, TunnelFailureReason reason, string remedy)
    {
        var failure = DialFailure.Explain(new Uri("https://relay.test"), status, null, new HttpRequestException()).Failure;

        Assert.Equal(reason, failure.Reason);
        Assert.Contains(remedy, failure.Message, StringComparison.Ordinal);
    }
}
