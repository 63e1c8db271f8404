using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Testing;

public sealed class FaultyLinkTests
{
    [Fact]
    public async Task CutAfterMessage_InMidTalk_DeliversUpToThereAndFailsBothEnds()
    {
        var (relay, agent) = FaultyLink.CreatePair();
        agent.Outgoing.Duplicate(1).Truncate(2, 1).CutAfterMessage(3);
        var pending = agent.ReceiveAsync();
        await agent.SendAsync(new byte[] { 1, 1 });
        await agent.SendAsync(new byte[] { 2, 2 });
        await agent.SendAsync(new byte[] { 3, 3 });

        await Assert.ThrowsAsync<IOException>(() => pending.InTime());
        await Assert.ThrowsAsync<IOException>(() => agent.SendAsync(new byte[] { 4 }).AsTask().InTime());
        Assert.Equal("1 1, 1 1, 2, 3 3", string.Join(", ", await ReadToFailureAsync(relay)));
    }

    [Fact]
    public async Task CutAtByte_OfTheOtherEnd_LosesTheMessageWithThisByte()
    {
        var (relay, agent) = FaultyLink.CreatePair();
        agent.Incoming.CutAtByte(4);
        await relay.SendAsync(new byte[4]);
        Assert.Equal(4, (await agent.ReceiveAsync().InTime()).Length);
        await relay.SendAsync(new byte[4]); // not before: a cut takes what has not been received yet
        await Assert.ThrowsAsync<IOException>(() => agent.ReceiveAsync().InTime());
        await Assert.ThrowsAsync<IOException>(() => relay.ReceiveAsync().InTime());
    }

    [Fact]
    public async Task Delay_OfTwoMessages_RunsForBothAtOnce()
    {
        var time = new FakeTime();
        var (relay, agent) = FaultyLink.CreatePair(time);
        agent.Outgoing.Delay = TimeSpan.FromMilliseconds(50);
        await agent.SendAsync(new byte[] { 1 });
        await agent.SendAsync(new byte[] { 2 });
        await time.WhenArmedAsync(TimeSpan.FromMilliseconds(50)).InTime();
        var first = relay.ReceiveAsync();
        time.Advance(TimeSpan.FromMilliseconds(49));
        Assert.False(first.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, (await first.InTime()).Span[0]);
        Assert.Equal(2, (await relay.ReceiveAsync().InTime()).Span[0]);
    }

    [Fact]
    public async Task BytesPerSecond_SenderThatIsFaster_WaitsBehindTheBuffer()
    {
        var time = new FakeTime();
        var (relay, agent) = FaultyLink.CreatePair(time);
        agent.Outgoing.BytesPerSecond = LinkDirection.ThrottleBuffer;
        await agent.SendAsync(new byte[LinkDirection.ThrottleBuffer]).AsTask().InTime();
        var second = agent.SendAsync(new byte[LinkDirection.ThrottleBuffer]).AsTask();
        Assert.False(second.IsCompleted);
        await time.WhenArmedAsync(TimeSpan.FromSeconds(1)).InTime();
        time.Advance(TimeSpan.FromSeconds(1));
        await second.InTime();
        Assert.Equal(LinkDirection.ThrottleBuffer, (await relay.ReceiveAsync().InTime()).Length);
    }

    [Fact]
    public async Task BlackHole_UntilHealed_HoldsMessagesAndTheSendersAbort()
    {
        var (relay, agent) = FaultyLink.CreatePair();
        agent.Outgoing.BlackHoleAfterMessage(1);
        await agent.SendAsync(new byte[] { 1 });
        await agent.SendAsync(new byte[] { 2 });
        await agent.Outgoing.WhenPassedAsync(1).InTime();
        Assert.Equal(1, (await relay.ReceiveAsync().InTime()).Span[0]);
        var second = relay.ReceiveAsync();
        await relay.SendAsync(new byte[] { 9 });
        Assert.Equal(9, (await agent.ReceiveAsync().InTime()).Span[0]); // the other direction is well
        Assert.False(second.IsCompleted);
        agent.Heal();
        Assert.Equal(2, (await second.InTime()).Span[0]);

        agent.BlackHole();
        agent.Abort();
        var never = relay.ReceiveAsync().AsTask();
        await relay.SendAsync(new byte[] { 9 });
        Assert.False(never.IsCompleted);
    }

    private static async Task<List<string>> ReadToFailureAsync(ILink link)
    {
        var messages = new List<string>();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                messages.Add(string.Join(' ', (await link.ReceiveAsync().InTime()).ToArray()));
            }
        });
        return messages;
    }
}
