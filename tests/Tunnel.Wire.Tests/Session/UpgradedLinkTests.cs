using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>The link without a WebSocket: what it writes, and what it makes of what arrives in whatever pieces.</summary>
public sealed class UpgradedLinkTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Vectors => [.. VectorFile.Upgraded];

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task EveryVector_IsWrittenAndReadAsItSays(string vector)
    {
        var sides = vector.Split(" = ");
        var bytes = Convert.FromHexString(sides[0].Replace(" ", ""));
        var words = sides[1].Split(' ');
        var connection = new ChunkedStream(bytes, () => 1);
        var link = Link(connection);
        switch (words[0])
        {
            case "text":
                await link.SendTextAsync(Convert.FromHexString(words[1]), Stop);
                var buffer = new byte[16];
                var length = await link.ReceiveTextAsync(buffer, Stop);
                Assert.Equal(words[1], Convert.ToHexString(buffer.AsSpan(0, length)));
                Assert.Equal(bytes, connection.Written);
                break;
            case "binary":
                await link.SendAsync(OutgoingMessage.Copy(Convert.FromHexString(words[1])));
                Assert.Equal(words[1], Convert.ToHexString((await link.ReceiveAsync()).Span));
                Assert.Equal(bytes, connection.Written);
                break;
            case "close":
                await link.CloseAsync();
                Assert.True((await link.ReceiveAsync()).IsEmpty);
                Assert.Equal(bytes, connection.Written);
                break;
            default:
                await Assert.ThrowsAsync<LinkException>(() => link.ReceiveAsync().AsTask());
                break;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Messages_InWhateverPieces_ArriveWhole(int seed)
    {
        var random = new Random(seed);
        var messages = Enumerable.Range(0, 200).Select(_ => Message(random)).Append(new byte[WireDefaults.MaxMessageSize]).ToList();
        var sent = new ChunkedStream([], () => 0);
        foreach (var message in messages)
        {
            await Link(sent).SendAsync(OutgoingMessage.Copy(message));
        }

        var link = Link(new ChunkedStream(sent.Written, () => random.Next(4) switch
        {
            0 => random.Next(1, 8),
            1 => random.Next(1, 20_000),
            _ => int.MaxValue,
        }));
        foreach (var message in messages)
        {
            Assert.True((await link.ReceiveAsync()).Span.SequenceEqual(message));
        }

        await Assert.ThrowsAsync<LinkException>(() => link.ReceiveAsync().AsTask()); // it ends without a close
    }

    [Fact]
    public async Task LinkWithoutData_WaitsWithoutABuffer()
    {
        var sent = new ChunkedStream([], () => 0);
        await Link(sent).SendAsync(OutgoingMessage.Copy([1]));
        await Link(sent).SendAsync(OutgoingMessage.Copy([2]));
        var connection = new ChunkedStream(sent.Written, () => 5);
        var link = Link(connection);

        await link.ReceiveAsync();
        await link.ReceiveAsync();

        Assert.Equal([true, false, true, false], connection.Reads.Select(size => size == 0));
    }

    [Fact]
    public async Task TextBehindTheRegistration_EndsTheLink()
    {
        var link = Link(new ChunkedStream([1, 0, 0, 1, (byte)'x'], () => int.MaxValue));
        await Assert.ThrowsAsync<LinkException>(() => link.ReceiveAsync().AsTask());
    }

    [Fact]
    public async Task NothingFollowsAClose()
    {
        var connection = new ChunkedStream([], () => 0);
        var link = Link(connection);

        await link.CloseAsync();
        await link.CloseAsync();
        await Assert.ThrowsAsync<LinkException>(() => link.SendAsync(OutgoingMessage.Copy([1])).AsTask());

        Assert.Equal([8, 0, 0, 0], connection.Written);
    }

    [Fact]
    public async Task Stranger_GetsNoMoreMemoryThanARegistrationTakes()
    {
        var sent = new ChunkedStream([], () => 0);
        await Link(sent).SendTextAsync(new byte[100], Stop);
        await Link(sent).SendAsync(OutgoingMessage.Copy(new byte[WireDefaults.MaxMessageSize]));
        var connection = new ChunkedStream(sent.Written, () => 1000);
        var link = Link(connection);

        Assert.Equal(100, await link.ReceiveTextAsync(new byte[16 * 1024], Stop));

        Assert.InRange(connection.Reads.Max(), 1, 32 * 1024);
        Assert.Equal(WireDefaults.MaxMessageSize, (await link.ReceiveAsync()).Length);
    }

    [Theory]
    [InlineData("02000001FF")] // binary
    [InlineData("08000000")] // the end
    [InlineData("0100001141414141414141414141414141414141")] // longer than there is room for
    [InlineData("")]
    public async Task SomethingElseThanAText_DuringTheRegistration_IsRefused(string bytes)
    {
        var link = Link(new ChunkedStream(Convert.FromHexString(bytes), () => int.MaxValue));
        await Assert.ThrowsAsync<WireFormatException>(() => link.ReceiveTextAsync(new byte[16], Stop).AsTask());
    }

    private static byte[] Message(Random random)
    {
        var message = new byte[random.Next(5) == 0 ? random.Next(1, WireDefaults.MaxMessageSize + 1) : random.Next(1, 300)];
        random.NextBytes(message);
        return message;
    }

    private static UpgradedLink Link(Stream connection) => new(connection, connection.Dispose, TimeProvider.System);
}
