using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

public sealed class RefusedMessageTests
{
    public static TheoryData<string> Reasons => [.. VectorFile.Refused.Select(vector => vector.Meaning)];

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task Message_OfTheSpecificationsRefusedOnes_EndsWhatTheSpecificationSays(string reason)
    {
        await using var pair = new SessionPair(_ => Task.CompletedTask);
        await pair.RelayLink.SendAsync(VectorFile.Refused.Single(vector => vector.Meaning == reason).Bytes);

        var end = await pair.AgentRun.InTime();

        if (reason.StartsWith("link:", StringComparison.Ordinal))
        {
            Assert.Equal(LinkEndKind.Lost, end.Kind);
            Assert.IsType<LinkException>(end.Error);
            Assert.False(pair.Agent.IsOver);
        }
        else
        {
            Assert.Equal(LinkEndKind.SessionOver, end.Kind);
            Assert.IsType<WireFormatException>(end.Error);
            Assert.Equal(LinkEndKind.SessionOver, (await pair.RelayRun.InTime()).Kind); // it was told, and does not try again
        }
    }
}
