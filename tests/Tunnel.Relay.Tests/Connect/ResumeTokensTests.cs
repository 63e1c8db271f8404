using Tunnel.Relay.Connect;

namespace Tunnel.Relay.Tests.Connect;

public sealed class ResumeTokensTests
{
    private readonly ResumeTokens _tokens = new();

    [Fact]
    public void Token_AfterItsLinkHasDelivered_IsTheOnlyOne()
    {
        var first = _tokens.First();
        var second = _tokens.Next(first, currentArrived: true)!;
        Assert.Null(_tokens.Next(first, currentArrived: true));
        Assert.NotNull(_tokens.Next(second, currentArrived: true));
    }

    [Fact]
    public void Attempt_ThatWasGivenUpAndIsHandledLate_DoesNotCostTheSession()
    {
        var first = _tokens.First();
        var second = _tokens.Next(first, currentArrived: true)!;
        Assert.NotNull(_tokens.Next(first, currentArrived: false)); // of an older attempt

        Assert.NotNull(_tokens.Next(second, currentArrived: false));
    }

    [Fact]
    public void Answers_LostOneAfterTheOther_LeaveTheAgentsOwnTokenValid()
    {
        var known = _tokens.First();
        for (var lost = 0; lost < 100; lost++)
        {
            Assert.NotNull(_tokens.Next(known, currentArrived: lost == 0));
        }
    }
}
