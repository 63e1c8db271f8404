using System.Net.NetworkInformation;

namespace Tunnel.Agent.Dialing;

/// <summary>
/// Says when it is worth trying again at once: the machine has woken up, or its addresses or its network have changed. At most one
/// wake-up within <see cref="SleepDetector.Period"/>, because addresses change in bursts; the last of a burst is told late, not lost.
/// </summary>
internal sealed class NetworkWake : IDisposable
{
    private readonly Lock _gate = new(); // guards the fields below but the detector, which is the timer's
    private readonly TimeProvider _time;
    private readonly SleepDetector _detector;
    private readonly ITimer _timer;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long? _last;
    private bool _pending;

    public NetworkWake(TimeProvider time)
    {
        _time = time;
        _detector = new SleepDetector(time);
        _timer = time.CreateTimer(static state => ((NetworkWake)state!).Look(), this, SleepDetector.Period, SleepDetector.Period);
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
        NetworkChange.NetworkAvailabilityChanged += OnAvailabilityChanged;
    }

    /// <summary>Raised on a thread of the pool, or the one that tells of the change. Handlers must be quick and must not throw.</summary>
    public event Action? Woken;

    /// <summary>Completes with the next wake-up.</summary>
    public Task Next
    {
        get
        {
            lock (_gate)
            {
                return _next.Task;
            }
        }
    }

    /// <summary>The network is another one now.</summary>
    public void NetworkChanged()
    {
        lock (_gate)
        {
            if (_last is { } last && _time.GetElapsedTime(last) < SleepDetector.Period)
            {
                _pending = true;
                return;
            }
        }

        Wake();
    }

    public void Dispose()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        NetworkChange.NetworkAvailabilityChanged -= OnAvailabilityChanged;
        _timer.Dispose();
    }

    private void OnAddressChanged(object? sender, EventArgs e) => NetworkChanged();

    private void OnAvailabilityChanged(object? sender, NetworkAvailabilityEventArgs e)
    {
        if (e.IsAvailable)
        {
            NetworkChanged();
        }
    }

    private void Look()
    {
        var slept = _detector.HasSlept();
        lock (_gate)
        {
            if (!slept && !_pending)
            {
                return;
            }
        }

        Wake();
    }

    private void Wake()
    {
        TaskCompletionSource next;
        lock (_gate)
        {
            _pending = false;
            _last = _time.GetTimestamp();
            next = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        next.TrySetResult();
        Woken?.Invoke();
    }
}
