namespace Tunnel.Testing;

/// <summary>
/// One direction of a <see cref="FaultyLink"/> and what goes wrong in it. Messages are never reordered, split or merged. Without delay,
/// throttle and black hole a message passes in its sender's own call. Safe to use from any thread, also while messages pass.
/// </summary>
internal sealed class LinkDirection
{
    /// <summary>What a direction holds for delay and black hole; a sender waits for room above it.</summary>
    public const int MostHeld = 64 * 1024 * 1024;

    /// <summary>What waits in front of a throttle, as in a socket's buffer, before its sender has to wait.</summary>
    public const int ThrottleBuffer = 64 * 1024;

    private readonly TimeProvider _time;
    private readonly Func<ReadOnlyMemory<byte>, ValueTask> _deliver;
    private readonly Action<string> _cut;
    private readonly CancellationToken _over;

    private readonly Lock _gate = new(); // guards everything below
    private readonly List<Func<PassingMessage, Fault?>> _rules = [];
    private readonly Queue<Item> _line = []; // what the pump has still to deliver, in order
    private readonly List<(int Number, TaskCompletionSource Passed)> _waiting = [];
    private bool _pumping;
    private int _messages;
    private int _passed;
    private long _bytes;
    private long _held;
    private long _lineFree; // timestamp at which the throttle has let everything through
    private TimeSpan _delay;
    private int? _bytesPerSecond;
    private TaskCompletionSource? _hole; // there is one while the direction is a black hole
    private TaskCompletionSource _room = NewSignal();

    /// <param name="time">Measures delay and throttle.</param>
    /// <param name="deliver">Takes the messages that get through, one at a time.</param>
    /// <param name="cut">Ends the link, with the reason in words.</param>
    /// <param name="over">Cancelled when the link has ended.</param>
    public LinkDirection(TimeProvider time, Func<ReadOnlyMemory<byte>, ValueTask> deliver, Action<string> cut, CancellationToken over)
    {
        _time = time;
        _deliver = deliver;
        _cut = cut;
        _over = over;
    }

    /// <summary>Messages that entered the direction.</summary>
    public int Messages
    {
        get
        {
            lock (_gate)
            {
                return _messages;
            }
        }
    }

    /// <summary>Bytes that entered the direction.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>How long a message that enters from now on is under way. Bandwidth is not limited by it.</summary>
    public TimeSpan Delay
    {
        set
        {
            lock (_gate)
            {
                _delay = value;
            }
        }
    }

    /// <summary>How much enters from now on per second, or null for no limit.</summary>
    public int? BytesPerSecond
    {
        set
        {
            lock (_gate)
            {
                _bytesPerSecond = value;
            }
        }
    }

    /// <summary>Adds a rule; the first that gives a fault for a message decides.</summary>
    public LinkDirection On(Func<PassingMessage, Fault?> rule)
    {
        lock (_gate)
        {
            _rules.Add(rule);
        }

        return this;
    }

    /// <summary>Cuts the link when so many messages of this direction have arrived.</summary>
    public LinkDirection CutAfterMessage(int number) => On(message => message.Number == number ? Fault.CutAfter : null);

    /// <summary>Cuts the link in the message with this byte, counted from 0. A message arrives whole or not at all, so this one does not.</summary>
    public LinkDirection CutAtByte(long offset) =>
        On(message => message.Start + message.Bytes.Length > offset ? Fault.CutBefore : null);

    /// <param name="number">The message's number.</param>
    /// <param name="length">At least 1: no link carries an empty message.</param>
    public LinkDirection Truncate(int number, int length) => On(message => message.Number == number ? Fault.Truncate(length) : null);

    public LinkDirection Duplicate(int number) => On(message => message.Number == number ? Fault.Duplicate : null);

    public LinkDirection Drop(int number) => On(message => message.Number == number ? Fault.Drop : null);

    public LinkDirection BlackHoleAfterMessage(int number) => On(message => message.Number == number + 1 ? Fault.BlackHole : null);

    /// <summary>Nothing arrives any more, and neither does the sender's close or abort. The link stays open.</summary>
    public void BlackHole()
    {
        lock (_gate)
        {
            _hole ??= NewSignal();
        }
    }

    /// <summary>Ends the black hole: what was held arrives, as TCP would send it again. Rules, delay and throttle stay.</summary>
    public void Heal()
    {
        lock (_gate)
        {
            _hole?.TrySetResult();
            _hole = null;
        }
    }

    /// <summary>Completes when the message has arrived, or was dropped by a rule.</summary>
    public Task WhenPassedAsync(int number)
    {
        lock (_gate)
        {
            if (_passed >= number)
            {
                return Task.CompletedTask;
            }

            var passed = NewSignal();
            _waiting.Add((number, passed));
            return passed.Task;
        }
    }

    internal bool IsBlackHole
    {
        get
        {
            lock (_gate)
            {
                return _hole is not null;
            }
        }
    }

    /// <summary>Takes a message into the direction, and completes when the next one may be taken.</summary>
    internal async ValueTask PassAsync(ReadOnlyMemory<byte> message)
    {
        Fault fault;
        bool isDirect;
        lock (_gate)
        {
            fault = Judge(message);
            if (fault.Kind == FaultKind.Truncate)
            {
                message = message[..Math.Min(fault.Length, message.Length)];
            }

            isDirect = IsDirect;
            if (!isDirect)
            {
                Enqueue(message.ToArray(), fault.Kind);
            }
        }

        if (isDirect)
        {
            await DeliverAsync(message, fault.Kind);
        }

        await RoomAsync();
    }

    /// <summary>Does something (a close, a failure) after all messages that entered before it.</summary>
    internal async ValueTask FinishAsync(Func<ValueTask> last)
    {
        lock (_gate)
        {
            if (!IsDirect)
            {
                Enqueue([], FaultKind.None, last);
                return;
            }
        }

        await last();
    }

    private bool IsDirect => !_pumping && _hole is null && _delay <= TimeSpan.Zero && _bytesPerSecond is null;

    private Fault Judge(ReadOnlyMemory<byte> message)
    {
        var passing = new PassingMessage(++_messages, _bytes, message);
        _bytes += message.Length;
        foreach (var rule in _rules)
        {
            if (rule(passing) is { } fault)
            {
                if (fault.Kind == FaultKind.BlackHole)
                {
                    _hole ??= NewSignal();
                }

                return fault;
            }
        }

        return default;
    }

    private void Enqueue(byte[] message, FaultKind fault, Func<ValueTask>? last = null)
    {
        var due = _time.GetTimestamp();
        if (_bytesPerSecond is { } rate)
        {
            _lineFree = Math.Max(due, _lineFree) + (long)((double)message.Length / rate * _time.TimestampFrequency);
            due = _lineFree;
        }

        _line.Enqueue(new Item(message, due + (long)(_delay.TotalSeconds * _time.TimestampFrequency), fault, last));
        _held += message.Length;
        if (!_pumping)
        {
            _pumping = true;
            _ = Task.Run(PumpAsync);
        }
    }

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                Task wait;
                Item item;
                lock (_gate)
                {
                    if (_line.Count == 0)
                    {
                        _pumping = false;
                        return;
                    }

                    item = _line.Peek();
                    wait = _hole?.Task.WaitAsync(_over) ?? Until(item.Due);
                    if (wait.IsCompletedSuccessfully)
                    {
                        _line.Dequeue();
                        _held -= item.Message.Length;
                        _room.TrySetResult();
                    }
                }

                if (!wait.IsCompletedSuccessfully)
                {
                    await wait;
                }
                else if (item.Last is { } last)
                {
                    await last();
                }
                else
                {
                    await DeliverAsync(item.Message, item.Fault);
                }
            }
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // What is under way is lost with the link.
        }
        catch (Exception exception)
        {
            _cut(exception.Message);
        }
    }

    private async ValueTask DeliverAsync(ReadOnlyMemory<byte> message, FaultKind fault)
    {
        if (fault == FaultKind.CutBefore)
        {
            _cut($"The test cut the link before message {_passed + 1}.");
            return;
        }

        if (fault != FaultKind.Drop)
        {
            await _deliver(message);
        }

        if (fault == FaultKind.Duplicate)
        {
            await _deliver(message);
        }

        lock (_gate)
        {
            _passed++;
            foreach (var (number, passed) in _waiting)
            {
                if (number <= _passed)
                {
                    passed.TrySetResult();
                }
            }

            _waiting.RemoveAll(static waiting => waiting.Passed.Task.IsCompleted);
        }

        if (fault == FaultKind.CutAfter)
        {
            _cut($"The test cut the link after message {_passed}.");
        }
    }

    private async ValueTask RoomAsync()
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (_held > MostHeld)
                {
                    _room = _room.Task.IsCompleted ? NewSignal() : _room;
                    wait = _room.Task.WaitAsync(_over);
                }
                else if (_bytesPerSecond is { } rate)
                {
                    wait = Until(_lineFree - (long)((double)ThrottleBuffer / rate * _time.TimestampFrequency));
                }
                else
                {
                    return;
                }
            }

            if (wait.IsCompletedSuccessfully)
            {
                return;
            }

            await wait;
        }
    }

    private Task Until(long timestamp)
    {
        var left = _time.GetElapsedTime(_time.GetTimestamp(), timestamp);

        // Timers count whole milliseconds; rounded down, the last part of one would be a busy loop.
        return left <= TimeSpan.Zero ? Task.CompletedTask : Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), _time, _over);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly record struct Item(byte[] Message, long Due, FaultKind Fault, Func<ValueTask>? Last);
}
