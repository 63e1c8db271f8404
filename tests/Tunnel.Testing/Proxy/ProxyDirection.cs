namespace Tunnel.Testing;

/// <summary>What a <see cref="CuttingProxy"/> does to one direction of every connection. Changes hold for open connections too.</summary>
internal sealed class ProxyDirection
{
    private long _delayTicks;
    private long _bytesPerSecond;
    private long _cutAfterBytes = -1;

    /// <summary>
    /// How long bytes that come in from now on are under way. Bandwidth is not limited by it, up to 64 MiB under way per direction of a connection.
    /// </summary>
    public TimeSpan Delay
    {
        get => new(Volatile.Read(ref _delayTicks));
        set => Volatile.Write(ref _delayTicks, value.Ticks);
    }

    /// <summary>How much each connection carries per second, or null for no limit. See <see cref="CuttingProxy.ReceiveBuffer"/>.</summary>
    public int? BytesPerSecond
    {
        get => Volatile.Read(ref _bytesPerSecond) is > 0 and var rate ? (int)rate : null;
        set => Volatile.Write(ref _bytesPerSecond, value ?? 0);
    }

    /// <summary>A connection is cut when it has carried exactly so many bytes (at least 1) in this direction, or null for never.</summary>
    public long? CutAfterBytes
    {
        get => Volatile.Read(ref _cutAfterBytes) is >= 0 and var bytes ? bytes : null;
        set => Volatile.Write(ref _cutAfterBytes, value ?? -1);
    }

    /// <summary>Nothing gets through, and the sockets stay open. What comes waits in the kernel's buffers until it is false again.</summary>
    public bool IsBlackHole
    {
        get => Hole.IsOpen;
        set => Hole.IsOpen = value;
    }

    internal Hole Hole { get; } = new();
}

/// <summary>A place where bytes wait while it is open.</summary>
internal sealed class Hole
{
    private readonly Lock _gate = new();
    private volatile TaskCompletionSource? _closed; // there is one while the hole is open

    public bool IsOpen
    {
        get => _closed is not null;
        set
        {
            lock (_gate)
            {
                if (value)
                {
                    _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
                else
                {
                    _closed?.TrySetResult();
                    _closed = null;
                }
            }
        }
    }

    public Task WhenClosedAsync(CancellationToken over) => _closed is { } closed ? closed.Task.WaitAsync(over) : Task.CompletedTask;
}
