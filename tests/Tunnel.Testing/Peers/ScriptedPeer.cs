using System.Runtime.CompilerServices;
using Tunnel.Wire.Session;

namespace Tunnel.Testing;

/// <summary>
/// Plays a relay or an agent by script, on the messages of PROTOCOL.md (after the registration). It has an encoder and a decoder of its
/// own and does by itself nothing that it was not told to: no ack, no pong, no credit. For one test at a time, one call at a time.
/// </summary>
internal sealed partial class ScriptedPeer(ILink link)
{
    private readonly List<PlainFrame> _frames = []; // came, and no call has asked for them yet
    private readonly List<PlainRecord> _records = []; // the same
    private readonly List<string> _transcript = [];
    private readonly PlainSequence _sequence = new();
    private byte[] _sent = []; // the whole sequence, to send it again; tests are small
    private ILink _link = link;
    private Task<ReadOnlyMemory<byte>>? _receiving; // outlives an expectation that has timed out
    private string? _ended;

    /// <summary>Answer each ping when it is read. Default: false.</summary>
    public bool AnswersPings { get; set; }

    /// <summary>Ack each message of the data lane when it is read. Default: false.</summary>
    public bool Acks { get; set; }

    /// <summary>Added to each offset that is sent with frames: 0 is the truth.</summary>
    public long OffsetLie { get; set; }

    /// <summary>How much of the sequence one message holds. With 1 every byte has its own. Default: 64 KiB.</summary>
    public int PieceSize { get; set; } = 64 * 1024;

    /// <summary>Ask for an ack with each piece. Default: false.</summary>
    public bool WantsAcks { get; set; }

    /// <summary>The offset after the last byte that was sent.</summary>
    public long Sent => _sent.Length;

    /// <summary>The offset up to which the other side's sequence has been read.</summary>
    public long Received => _sequence.Received;

    /// <summary>What came and was not asked for.</summary>
    public IReadOnlyList<string> Unread => [.. _frames.Select(frame => frame.Describe()), .. _records.Select(record => record.Describe())];

    /// <summary>Goes on over the session's next link. Offsets stay, and so does a frame of which a part has come.</summary>
    public void ContinueOn(ILink next)
    {
        _link = next;
        _receiving = null;
        _ended = null;
        _transcript.Add("-- next link");
    }

    /// <summary>The next frame of the stream (of any stream when none is given), which must be of this type and fulfil the condition.</summary>
    public async Task<PlainFrame> ExpectFrame(
        PlainFrameType type,
        uint? stream = null,
        Func<PlainFrame, bool>? that = null,
        [CallerArgumentExpression(nameof(that))] string condition = "")
    {
        var expected = $"{PlainFrame.Name(type)} of {(stream is { } number ? $"stream {number}" : "any stream")}{That(condition)}";
        while (true)
        {
            var index = _frames.FindIndex(frame => stream is null || frame.Stream == stream);
            if (index >= 0)
            {
                var frame = _frames[index];
                if (frame.Type != type || that?.Invoke(frame) == false)
                {
                    throw Failure(expected, frame.Describe());
                }

                _frames.RemoveAt(index);
                return frame;
            }

            if (_records.Find(record => record is PlainRecord.Close) is { } close)
            {
                throw Failure(expected, $"control {close}");
            }

            await ReadOnAsync(expected);
        }
    }

    public async Task<PlainRequestHead> ExpectRequest(uint stream) =>
        PlainRequestHead.Decode((await ExpectFrame(PlainFrameType.Head, stream)).Payload);

    public async Task<PlainResponseHead> ExpectResponse(uint stream) =>
        PlainResponseHead.Decode((await ExpectFrame(PlainFrameType.Head, stream)).Payload);

    /// <summary>Data frames of the stream until so many bytes have come, or without a count until its end.</summary>
    public async Task<byte[]> ExpectBody(uint stream, int? count = null)
    {
        using var body = new MemoryStream();
        while (count is null || body.Length < count)
        {
            var frame = await ExpectFrame(PlainFrameType.Data, stream);
            body.Write(frame.Payload);
            if (frame.IsEnd)
            {
                break;
            }
        }

        return count is null || body.Length == count ? body.ToArray() : throw Failure($"{count} bytes of stream {stream}", $"{body.Length} bytes");
    }

    /// <summary>A record of this kind that fulfils the condition, come already or not. Others stay for later calls.</summary>
    public async Task<T> ExpectControl<T>(Func<T, bool>? that = null, [CallerArgumentExpression(nameof(that))] string condition = "")
        where T : PlainRecord
    {
        var expected = $"control {typeof(T).Name.ToLowerInvariant()}{That(condition)}";
        while (true)
        {
            var index = _records.FindIndex(record => record is T fitting && that?.Invoke(fitting) != false);
            if (index >= 0)
            {
                var record = (T)_records[index];
                _records.RemoveAt(index);
                return record;
            }

            await ReadOnAsync(expected);
        }
    }

    /// <summary>Nothing on the data lane: what was asked for before has been answered, and a ping that is sent now brings no frame before its pong.</summary>
    public async Task ExpectQuiet()
    {
        var nonce = (ulong)_transcript.Count + 1_000_000;
        await SendControl(new PlainRecord.Ping(nonce));
        await ExpectControl<PlainRecord.Pong>(pong => pong.Nonce == nonce);
        if (_frames.Count > 0)
        {
            throw Failure("no frame", string.Join(", ", _frames));
        }
    }

    /// <summary>The end of the link, in order or by failure. What comes before it stays for later calls.</summary>
    public async Task ExpectLinkEnd()
    {
        while (_ended is null)
        {
            await ReadOnAsync("the end of the link", isEndExpected: true);
        }
    }

    private async Task ReadOnAsync(string expected, bool isEndExpected = false)
    {
        if (_ended is not null)
        {
            throw Failure(expected, _ended);
        }

        ReadOnlyMemory<byte> bytes;
        try
        {
            _receiving ??= _link.ReceiveAsync().AsTask();
            bytes = await _receiving.InTime();
            _receiving = null;
        }
        catch (TimeoutException)
        {
            throw Failure(expected, "nothing more in time");
        }
        catch (OperationCanceledException) when (TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            _ended = $"a failed link ({exception.Message})";
            _transcript.Add("<- " + _ended);
            return;
        }

        if (bytes.IsEmpty)
        {
            _ended = "the end of the link";
            _transcript.Add("<- " + _ended);
            return;
        }

        await TakeAsync(expected, bytes);
    }

    private async Task TakeAsync(string expected, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            switch (PlainMessage.Decode(bytes))
            {
                case PlainMessage.Control control:
                    _transcript.Add($"<- {control}");
                    _records.AddRange(control.Records);
                    break;
                case PlainMessage.Data data:
                    _transcript.Add($"<- {data.Bytes.Length} bytes at offset {data.Offset}{(data.AckWanted ? ", ack wanted" : "")}");
                    _sequence.Add(data);
                    while (_sequence.TryTake() is { } frame)
                    {
                        _transcript.Add($"   {frame}");
                        _frames.Add(frame);
                    }

                    if (Acks)
                    {
                        await SendControl(new PlainRecord.Ack((ulong)Received));
                    }

                    break;
            }
        }
        catch (PlainFormatException exception)
        {
            throw Failure(expected, $"a message against PROTOCOL.md: {exception.Message} ({Convert.ToHexString(bytes.Span[..Math.Min(48, bytes.Length)])})", exception);
        }

        if (AnswersPings && _records.FindLast(record => record is PlainRecord.Ping) is PlainRecord.Ping latest)
        {
            _records.RemoveAll(record => record is PlainRecord.Ping);
            await SendControl(new PlainRecord.Pong(latest.Nonce));
        }
    }

    private ScriptException Failure(string expected, string got, Exception? inner = null)
    {
        const int Shown = 30;
        var unread = Unread.Count == 0 ? "" : $"\nunread: {string.Join(", ", Unread.TakeLast(Shown))}";
        var before = string.Join("\n  ", _transcript.TakeLast(Shown));
        return new ScriptException($"expected {expected}, got {got}{unread}\nbefore it (<- came, -> was sent):\n  {before}", inner);
    }

    private static string That(string condition) => condition.Length == 0 ? "" : $" that {condition}";
}
