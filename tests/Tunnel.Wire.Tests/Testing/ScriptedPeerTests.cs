namespace Tunnel.Wire.Tests.Testing;

public sealed class ScriptedPeerTests
{
    [Fact]
    public async Task Script_OfARequestInOneBytePieces_IsFollowed()
    {
        var (relay, agent) = Pair();
        relay.PieceSize = 1;
        agent.AnswersPings = agent.Acks = true;
        await relay.Send(
            PlainFrame.Head(1, new PlainRequestHead { Target = "/a", Headers = [("Accept", "*/*"), ("x-own", "ü")] }.Encode()),
            PlainFrame.Data(1, "hello"u8.ToArray(), end: true));
        var head = await agent.ExpectRequest(1);
        Assert.Equal("/a", head.Target);
        Assert.Equal([("Accept", "*/*"), ("x-own", "ü")], head.Headers);
        Assert.Equal("hello"u8.ToArray(), await agent.ExpectBody(1));
        await relay.ExpectControl<PlainRecord.Ack>(ack => ack.Offset == (ulong)relay.Sent);

        await relay.SendControl(new PlainRecord.Ping(7));
        await agent.Send(PlainFrame.Head(1, new PlainResponseHead { Status = 204 }.Encode(), PlainFrame.End));
        await relay.SendControl(new PlainRecord.Close(0));
        await agent.ExpectControl<PlainRecord.Close>();
        Assert.Equal(204ul, (await relay.ExpectResponse(1)).Status);
        await relay.ExpectControl<PlainRecord.Pong>(pong => pong.Nonce == 7);
    }

    [Fact]
    public async Task ContinueOn_TheNextLink_TakesUpInMidFrame()
    {
        var (relayLink, agentLink) = FaultyLink.CreatePair();
        var (relay, agent) = (new ScriptedPeer(relayLink), new ScriptedPeer(agentLink));
        agentLink.Incoming.CutAfterMessage(2);
        relay.PieceSize = 4;
        await relay.Send(PlainFrame.Data(1, new byte[100], end: true)); // the link in memory takes the rest and loses it
        await agent.ExpectLinkEnd();
        Assert.InRange(agent.Received, 0, 8);

        var (nextRelay, nextAgent) = MemoryLink.CreatePair();
        relay.ContinueOn(nextRelay);
        agent.ContinueOn(nextAgent);
        await relay.SendAgain(0); // more than was lost: the receiver skips it
        Assert.Equal(100, (await agent.ExpectBody(1)).Length);
        Assert.Equal(relay.Sent, agent.Received);
    }

    [Fact]
    public async Task Expectation_ThatIsNotMet_SaysWhatCameInstead()
    {
        var (relay, agent) = Pair();
        await agent.SendControl(new PlainRecord.Credit(1, 32_768));
        await agent.Send(PlainFrame.Reset(1, 2));
        var error = await Assert.ThrowsAsync<ScriptException>(() => relay.ExpectResponse(1));
        Assert.StartsWith("expected head of stream 1, got frame reset stream=1 code=2\nunread: frame reset stream=1 code=2, credit stream=1 limit=32768", error.Message);

        await relay.SendControl(new PlainRecord.Close(5));
        error = await Assert.ThrowsAsync<ScriptException>(() => agent.ExpectFrame(PlainFrameType.Head, 1));
        Assert.StartsWith("expected head of stream 1, got control close code=5", error.Message);
    }

    [Fact]
    public async Task Lie_AboutAnOffset_IsSeenAsAGap()
    {
        var (relay, agent) = Pair();
        relay.OffsetLie = 3;
        await relay.Send(PlainFrame.Data(1, [1]));
        var error = await Assert.ThrowsAsync<ScriptException>(() => agent.ExpectBody(1));
        Assert.Contains("a piece begins at offset 3, and the sequence has come up to 0", error.Message);
    }

    [Theory]
    [InlineData("02 01 81 80 01", "data frame of stream 1 has flags 00 and 16385 bytes")]
    [InlineData("32 01 00", "data frame of stream 1 has flags 30")]
    [InlineData("05 01 00", "unknown type 5")]
    [InlineData("03 01 02 01 01", "reset frame of stream 1 has flags 00 and 2 bytes")]
    public void Decoder_FrameThatTheSpecificationForbids_SaysSo(string hex, string complaint)
    {
        var error = Assert.Throws<PlainFormatException>(() => PlainFrame.Decode(Convert.FromHexString(hex.Replace(" ", ""))));
        Assert.Contains(complaint, error.Message);
    }

    private static (ScriptedPeer Relay, ScriptedPeer Agent) Pair()
    {
        var (relay, agent) = MemoryLink.CreatePair();
        return (new ScriptedPeer(relay), new ScriptedPeer(agent));
    }
}
