namespace Tunnel.Testing;

/// <summary>
/// Time that passes when a test says so. Timers fire in <see cref="Advance"/>, on the caller's thread, in the order in which they are
/// due, each at its own instant. Code that waits again and again may go on in another thread while the time runs past its next wait, so
/// such a test takes one step at a time, with <see cref="WhenArmedAsync"/> before each.
/// </summary>
internal sealed class FakeTime : TimeProvider
{
    private readonly Lock _gate = new(); // guards everything below, and the fields of the timers
    private readonly List<FakeTimer> _armed = [];
    private readonly List<(TimeSpan Least, TimeSpan Most, TaskCompletionSource Armed)> _waiting = [];
    private long _order;
    private long _now; // ticks since the beginning
    private long _target; // where _now goes; several advances at once add up
    private DateTimeOffset _beginning = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How much time was advanced since the beginning.</summary>
    public TimeSpan Elapsed => new(GetTimestamp());

    /// <summary>In how much time each armed timer is due, the next one first.</summary>
    public IReadOnlyList<TimeSpan> Due
    {
        get
        {
            lock (_gate)
            {
                return [.. _armed.OrderBy(timer => timer.Due).Select(timer => new TimeSpan(timer.Due - _now))];
            }
        }
    }

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _beginning.AddTicks(_now);
        }
    }

    /// <summary>Lets time pass and fires what is due on the way.</summary>
    /// <exception cref="AggregateException">Timers' callbacks have failed; all others have run.</exception>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        long target;
        lock (_gate)
        {
            target = _target += time.Ticks;
        }

        List<Exception>? failures = null;
        while (TakeNext(target) is { } timer)
        {
            try
            {
                timer.Fire();
            }
            catch (Exception exception)
            {
                (failures ??= []).Add(exception);
            }
        }

        if (failures is not null)
        {
            throw new AggregateException("A timer's callback has failed.", failures);
        }
    }

    /// <summary>
    /// Moves the wall clock and nothing else, forwards or backwards: the machine has slept (timers and timestamps stand still meanwhile)
    /// or its clock was set.
    /// </summary>
    public void Jump(TimeSpan time)
    {
        lock (_gate)
        {
            _beginning += time;
        }
    }

    /// <summary>
    /// Completes when a timer is armed that is due in at most <paramref name="within"/>, and not before <paramref name="least"/>, which
    /// leaves out the periodic ones that always are. Await it bounded: <c>await time.WhenArmedAsync(...).InTime()</c>.
    /// </summary>
    public Task WhenArmedAsync(TimeSpan within, TimeSpan least = default)
    {
        lock (_gate)
        {
            var armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_armed.Exists(timer => Fits(timer, least, within)))
            {
                armed.SetResult();
            }
            else
            {
                _waiting.Add((least, within, armed));
            }

            return armed.Task;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The next timer that is due up to the target, with the time moved to its instant; without one the time is the target's.</summary>
    private FakeTimer? TakeNext(long target)
    {
        lock (_gate)
        {
            var next = _armed.Where(timer => timer.Due <= target).MinBy(timer => (timer.Due, timer.Order));
            _now = Math.Max(_now, next?.Due ?? target);
            if (next is not null)
            {
                _armed.Remove(next);
                if (next.Period > 0)
                {
                    next.Due += next.Period;
                    Arm(next);
                }

                next.Running++;
            }

            return next;
        }
    }

    private void Arm(FakeTimer timer)
    {
        timer.Order = _order++;
        _armed.Add(timer);
        for (var index = _waiting.Count - 1; index >= 0; index--)
        {
            if (Fits(timer, _waiting[index].Least, _waiting[index].Most))
            {
                _waiting[index].Armed.SetResult();
                _waiting.RemoveAt(index);
            }
        }
    }

    private bool Fits(FakeTimer timer, TimeSpan least, TimeSpan most) => timer.Due - _now <= most.Ticks && timer.Due - _now >= least.Ticks;

    private sealed class FakeTimer(FakeTime time, TimerCallback callback, object? state) : ITimer
    {
        private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1); // the real timers' limit
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private bool _disposed;
        private TaskCompletionSource? _idle;

        public long Due { get; set; }

        public long Period { get; private set; }

        public long Order { get; set; }

        public int Running { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Check(dueTime, nameof(dueTime));
            Check(period, nameof(period));
            lock (time._gate)
            {
                if (_disposed)
                {
                    return false;
                }

                time._armed.Remove(this);
                Period = Math.Max(0, period.Ticks);
                if (dueTime > TimeSpan.Zero)
                {
                    Due = time._now + dueTime.Ticks;
                    time.Arm(this);
                }
                else if (dueTime == TimeSpan.Zero)
                {
                    // As the real ones: at once, and never in the caller's own call.
                    Running++;
                    ThreadPool.QueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
                    if (Period > 0)
                    {
                        Due = time._now + Period;
                        time.Arm(this);
                    }
                }

                return true;
            }
        }

        public void Fire()
        {
            try
            {
                if (_context is null)
                {
                    callback(state);
                }
                else
                {
                    ExecutionContext.Run(_context, static timer => ((FakeTimer)timer!).Call(), this);
                }
            }
            finally
            {
                lock (time._gate)
                {
                    if (--Running == 0)
                    {
                        _idle?.TrySetResult();
                    }
                }
            }
        }

        public void Dispose()
        {
            lock (time._gate)
            {
                _disposed = true;
                time._armed.Remove(this);
            }
        }

        /// <summary>Completes, as with real timers, when no callback runs any more.</summary>
        public ValueTask DisposeAsync()
        {
            lock (time._gate)
            {
                Dispose();
                if (Running == 0)
                {
                    return default;
                }

                _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return new ValueTask(_idle.Task);
            }
        }

        private void Call() => callback(state);

        private static void Check(TimeSpan value, string name)
        {
            if (value != Timeout.InfiniteTimeSpan && (value < TimeSpan.Zero || value > Longest))
            {
                throw new ArgumentOutOfRangeException(name, value, "A timer takes 0 to 4,294,967,294 ms, or Timeout.InfiniteTimeSpan.");
            }
        }
    }
}
