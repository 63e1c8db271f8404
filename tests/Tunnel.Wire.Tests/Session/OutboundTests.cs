using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>The sending side by itself, with a link that says what it was given.</summary>
public sealed class OutboundTests : IOutboundOwner
{
    private readonly FakeTime _time = new();
    private readonly RecordingLink _link = new();
    private bool _overflowed;
    private int _open = 1;
    private TimeSpan _roundTrip = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Close_IsTheLastMessage()
    {
        var outbound = Create();
        outbound.SayClose(ErrorCode.Going);
        await outbound.WhenIdleAsync().InTime();
        Assert.Contains(new PlainRecord.Close((ulong)ErrorCode.Going), _link.Records);

        outbound.Pong(7); // to send on a link that closes would be to abort it
        outbound.WriteFrame(Stream(1), FrameType.Reset, FrameFlags.None, [1], flush: true);

        await outbound.WhenIdleAsync().InTime();
        Assert.Single(_link.Messages);
    }

    [Fact]
    public async Task Everything_IsAcknowledged_WhenWhatWaitedWasGivenUp()
    {
        var outbound = Create(budget: 0);
        var stream = Stream(1);
        Assert.False(outbound.WriteData(stream, new byte[5_000_000], end: false, flush: true));
        await outbound.WhenIdleAsync().InTime();
        outbound.DropData(stream);
        var acknowledged = outbound.WhenAcknowledgedAsync();
        Assert.False(acknowledged.IsCompleted);

        Assert.True(outbound.Acknowledged(_link.Received));

        await acknowledged.InTime();
    }

    [Fact]
    public void NextLink_IsNotToldPongsOfTheLastOne()
    {
        var outbound = Create();
        _link.IsStuck = true;
        outbound.Ping(1);
        outbound.Pong(2);
        outbound.Detach();
        var next = new RecordingLink();
        outbound.Start(outbound.Attach(next, peerReceived: 0));
        outbound.Ack(5);
        Assert.Equal([new PlainRecord.Ack(5)], next.Records);
    }

    [Fact]
    public async Task Link_CarriesNothingBeforeItsStart()
    {
        var outbound = new Outbound(new MemoryBudget(0), _time, this);
        outbound.WriteFrame(Stream(1), FrameType.Reset, FrameFlags.None, [1], flush: true);
        var sender = outbound.Attach(_link, peerReceived: 0);
        outbound.Ack(5);
        Assert.Empty(_link.Messages);
        outbound.Start(sender);
        await outbound.WhenIdleAsync().InTime();
        Assert.IsType<PlainMessage.Control>(_link.Messages[0]);
        Assert.IsType<PlainMessage.Data>(_link.Messages[1]);
    }

    [Fact]
    public async Task Head_ThatTheBudgetDoesNotLetWait_CostsItsExchangeOnly()
    {
        var outbound = Create(budget: 0);
        var waiter = new Waiter();
        var stream = new OutboundStream(9, waiter);
        for (var other = 1u; other <= 4; other++)
        {
            outbound.WriteFrame(Stream(other), FrameType.Head, FrameFlags.None, new byte[75_000], flush: true);
        }

        outbound.WriteFrame(stream, FrameType.Head, FrameFlags.None, new byte[75_000], flush: true);
        await outbound.WhenIdleAsync().InTime();
        Assert.Equal(PlainFrame.Reset(9, (byte)ErrorCode.Failed).Encode(), _link.Data[^4..]);
        Assert.True(waiter.IsWoken);
    }

    [Fact]
    public async Task Reset_DropsWhatWaited()
    {
        var outbound = Create(budget: 0);
        var stream = Stream(1);
        Assert.False(outbound.WriteData(stream, new byte[5_000_000], end: true, flush: true));
        outbound.WriteFrame(stream, FrameType.Reset, FrameFlags.None, [1], flush: true);
        Assert.False(outbound.IsWaiting(stream));
        await outbound.WhenIdleAsync().InTime();
        outbound.Acknowledged(_link.Received);
        await outbound.WhenIdleAsync().InTime();
        Assert.Equal(PlainFrame.Reset(1, 1).Encode(), _link.Data[^4..]);
    }

    [Fact]
    public void Peer_ThatReadsNothingAndAsksForMuch_IsGivenUp()
    {
        var outbound = Create(budget: 0);
        for (var frames = 0; frames < 150_000 && !_overflowed; frames++)
        {
            outbound.WriteFrame(Stream(1), FrameType.Reset, FrameFlags.None, [1], flush: false);
        }

        Assert.True(_overflowed);
    }

    [Theory]
    [InlineData(10, WireDefaults.FastMessageSize)]
    [InlineData(10_000, WireDefaults.SlowMessageSize)]
    public async Task Messages_AreLargeOnceAcksShowThatTheLinkIsFast(int milliseconds, int largest)
    {
        var outbound = Create();
        outbound.WriteData(Stream(1), new byte[5_000_000], end: false, flush: true);
        await outbound.WhenIdleAsync().InTime();
        Assert.All(_link.Messages, message => Assert.InRange(Length(message), 1, WireDefaults.SlowMessageSize));
        for (var round = 0; round < 3; round++)
        {
            _link.Messages.Clear();
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            outbound.Acknowledged(_link.Received);
            await outbound.WhenIdleAsync().InTime();
        }

        Assert.InRange(_link.Messages.Max(Length), largest - 1024, largest);
    }

    [Theory]
    [InlineData(100, 100, 32 * 1024 * 1024)] // acks take as long as the path: it holds more than the log
    [InlineData(100, 250, 256 * 1024)] // they take longer: a larger log would be a queue
    [InlineData(0, 1, 256 * 1024)]
    public async Task Log_GrowsToWhatThePathHolds(int roundTrip, int ackAfter, int largest)
    {
        var outbound = Create();
        _roundTrip = TimeSpan.FromMilliseconds(roundTrip);
        outbound.WriteData(Stream(1), new byte[200_000_000], end: false, flush: true);
        await outbound.WhenIdleAsync().InTime();
        long acknowledged = 0;
        for (var round = 0; round < 9; round++)
        {
            Assert.InRange(_link.Received - acknowledged, 1, largest);
            acknowledged = _link.Received;
            _time.Advance(TimeSpan.FromMilliseconds(ackAfter));
            outbound.Acknowledged(acknowledged);
            await outbound.WhenIdleAsync().InTime();
        }

        Assert.InRange(_link.Received - acknowledged, largest - (2 * WireDefaults.MaxDataPayload), largest);
    }

    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(64, 1000, true)]
    [InlineData(64, 10, false)]
    public void Flush_SendsOnItsOwnThread_UnlessOthersAreAboutToWrite(int open, int microseconds, bool atOnce)
    {
        var outbound = Create();
        var thread = Environment.CurrentManagedThreadId;
        outbound.WriteFrame(Stream(1), FrameType.Reset, FrameFlags.None, [1], flush: true);
        Assert.True(outbound.WhenIdleAsync().IsCompleted);
        _open = open;
        _time.Advance(TimeSpan.FromMicroseconds(microseconds));
        outbound.WriteFrame(Stream(2), FrameType.Reset, FrameFlags.None, [1], flush: true);
        var idle = outbound.WhenIdleAsync();
        Assert.True(SpinWait.SpinUntil(() => idle.IsCompleted, TimeSpan.FromSeconds(30))); // awaited, this thread could be the one that sends
        Assert.Equal([true, atOnce], _link.Threads.Select(sender => sender == thread));
    }

    [Fact]
    public async Task Log_GrowsAtOnce_WhenBulkBeginsAfterSilence()
    {
        var outbound = Create();
        outbound.WriteFrame(Stream(1), FrameType.Head, FrameFlags.End, new byte[100], flush: true);
        await outbound.WhenIdleAsync().InTime();
        _time.Advance(_roundTrip);
        outbound.Acknowledged(_link.Received);
        _time.Advance(TimeSpan.FromSeconds(3)); // nobody sent anything: that tells nothing of the path

        var bulk = Stream(2);
        outbound.WriteFrame(bulk, FrameType.Head, FrameFlags.None, new byte[100], flush: false);
        outbound.WriteData(bulk, new byte[5_000_000], end: false, flush: true);
        await outbound.WhenIdleAsync().InTime();
        _time.Advance(_roundTrip);
        var acknowledged = _link.Received;
        outbound.Acknowledged(acknowledged);
        await outbound.WhenIdleAsync().InTime();

        Assert.InRange(_link.Received - acknowledged, WireDefaults.InitialLogBound + 1, 2 * WireDefaults.InitialLogBound);
    }

    [Fact]
    public async Task SmallBodies_FindRoomBesideBulk_HoweverManyThereWere()
    {
        var outbound = Create();
        _roundTrip = TimeSpan.FromMilliseconds(10);
        outbound.WriteData(Stream(1), new byte[5_000_000], end: false, flush: true);
        await outbound.WhenIdleAsync().InTime();
        outbound.WriteFrame(Stream(2), FrameType.Head, FrameFlags.None, new byte[100], flush: true);
        _time.Advance(TimeSpan.FromSeconds(1)); // a queue: bulk gets less than others
        outbound.Acknowledged(_link.Received);
        await outbound.WhenIdleAsync().InTime();

        for (var id = 3u; id < 30; id++)
        {
            Assert.True(outbound.WriteData(Stream(id), new byte[200], end: true, flush: true), $"stream {id}");
            await outbound.WhenIdleAsync().InTime();
        }
    }

    TimeSpan IOutboundOwner.RoundTrip => _roundTrip;

    int IOutboundOwner.OpenExchanges => _open;

    void IOutboundOwner.OnSendFailed(Exception exception) => Assert.Fail(exception.ToString());

    void IOutboundOwner.OnRoom()
    {
    }

    void IOutboundOwner.OnOverflow() => _overflowed = true;

    private static int Length(PlainMessage message) => message is PlainMessage.Data data ? data.Bytes.Length + 8 : 0;

    private static OutboundStream Stream(uint id) => new(id, new Waiter());

    private Outbound Create(long budget = 1024 * 1024 * 1024)
    {
        var outbound = new Outbound(new MemoryBudget(budget), _time, this);
        outbound.Start(outbound.Attach(_link, peerReceived: 0));
        return outbound;
    }

    private sealed class Waiter : IRoomHandler
    {
        public bool IsWoken { get; private set; }

        public void OnRoom() => IsWoken = true;
    }

    /// <summary>Takes every message at once, until it is stuck.</summary>
    private sealed class RecordingLink : ILink
    {
        private readonly TaskCompletionSource _never = new();

        public bool IsStuck { get; set; }

        public List<PlainMessage> Messages { get; } = [];

        public List<int> Threads { get; } = [];

        public List<byte> Data { get; } = [];

        public long Received => Data.Count;

        public IEnumerable<PlainRecord> Records => Messages.OfType<PlainMessage.Control>().SelectMany(message => message.Records);

        public async ValueTask SendAsync(OutgoingMessage message)
        {
            if (IsStuck)
            {
                await _never.Task;
            }

            var decoded = PlainMessage.Decode(message.Message.ToArray());
            lock (Messages)
            {
                Messages.Add(decoded);
                Threads.Add(Environment.CurrentManagedThreadId);
                if (decoded is PlainMessage.Data data)
                {
                    Data.AddRange(data.Bytes);
                }
            }
        }

        public ValueTask<ReadOnlyMemory<byte>> ReceiveAsync() => throw new NotSupportedException();

        public Task CloseAsync() => Task.CompletedTask;

        public void Abort()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
