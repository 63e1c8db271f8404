using System.Buffers;
using System.Runtime.CompilerServices;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>
/// Reads what the target sends on a connection. A read may begin before anybody needs its outcome, so that it also tells of a connection
/// that ends meanwhile. Memory is rented while a read is under way or something is left of it, and grows with what comes at once. One reader.
/// </summary>
internal sealed class OriginInput(Stream stream)
{
    /// <summary>Enough for most heads with a short body behind them; a request that waits for its answer holds no more.</summary>
    private const int SmallRead = 4096;

    /// <summary>What a connection that has carried longer responses begins the next one with.</summary>
    private const int RestingRead = 16 * 1024;

    /// <summary>Twice this is not faster any more over the loopback interface.</summary>
    private const int LargeRead = 64 * 1024;

    /// <summary>
    /// What a response has to bring before it is read in the largest pieces: a visitor who reads slowly is seen before, and then a piece may
    /// lie here for as long as the visitor likes.
    /// </summary>
    private const int SmallResponse = 1024 * 1024;

    // Bytes from _start to _end are unread. While a read is under way the buffer is the stream's, from _end on.
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _room = SmallRead; // for the next read
    private long _taken; // of this response
    private ValueTask<int> _read;
    private bool _isReadUntaken; // begun, and its outcome not taken yet
    private volatile bool _isAwaited; // by somebody who may have gone; another thread completes the wait then

    /// <summary>What has arrived and was not consumed. Valid until the next read or <see cref="Consume"/>.</summary>
    public ReadOnlyMemory<byte> Unread => _buffer.AsMemory(_start, _end - _start);

    /// <summary>Starts a read, if none is under way, and says whether its outcome is there already.</summary>
    public bool BeginRead()
    {
        if (!_isReadUntaken)
        {
            MakeRoom();
            _read = stream.ReadAsync(_buffer.AsMemory(_end), CancellationToken.None);
            _isReadUntaken = true;
        }

        return _read.IsCompleted;
    }

    /// <summary>Completes, perhaps with a failure, when the read that is under way does. It stays to be taken.</summary>
    public Task WhenReadAsync()
    {
        BeginRead();
        var read = _read.AsTask();
        _read = new ValueTask<int>(read);

        // It may never be taken, and is then nobody's failure.
        _ = read.ContinueWith(
            static failed => _ = failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return read;
    }

    /// <summary>Waits for more. Returns <see langword="false"/> at the end of the connection.</summary>
    /// <exception cref="IOException">The connection failed.</exception>
    public ValueTask<bool> ReadAsync() => BeginRead() ? new ValueTask<bool>(Take(TakeRead().Result)) : AwaitReadAsync();

    /// <summary>
    /// Waits for more like <see cref="ReadAsync"/>, but for as long as nothing comes without memory, unless much came at once lately: a
    /// silent event stream holds none.
    /// </summary>
    /// <exception cref="IOException">The connection failed.</exception>
    public ValueTask<bool> ReadPatientlyAsync() =>
        _isReadUntaken || _start < _end || _room > SmallRead ? ReadAsync() : AwaitAndReadAsync();

    /// <summary>Gives back the first bytes of <see cref="Unread"/>.</summary>
    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Release();
        }
    }

    /// <summary>Makes it ready for the next response.</summary>
    public void Rest() => (_room, _taken) = (Math.Min(_room, RestingRead), 0);

    /// <summary>
    /// Only when the connection is closed. A read that was begun and not taken, or that somebody waited for and gave up, keeps its memory
    /// from being used again: the stream may still write there, as one that decrypts does.
    /// </summary>
    public void Dispose()
    {
        if (!_isReadUntaken && !_isAwaited)
        {
            Release();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> AwaitReadAsync()
    {
        _isAwaited = true;
        try
        {
            return Take(await TakeRead().ConfigureAwait(false));
        }
        finally
        {
            _isAwaited = false;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> AwaitAndReadAsync()
    {
        _isAwaited = true;
        try
        {
            await stream.ReadAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
            return await ReadAsync().ConfigureAwait(false);
        }
        finally
        {
            _isAwaited = false;
        }
    }

    private ValueTask<int> TakeRead()
    {
        _isReadUntaken = false;
        return _read;
    }

    private bool Take(int count)
    {
        var filled = count == _buffer.Length - _end;
        _end += count;
        _taken += count;
        _room = filled ? Math.Min(_room * 4, _taken < SmallResponse ? RestingRead : LargeRead) : count < _room / 4 ? Math.Max(_room / 4, SmallRead) : _room;
        if (_start == _end)
        {
            Release();
        }

        return count > 0;
    }

    private void MakeRoom()
    {
        var unread = Unread;
        if (_buffer.Length - unread.Length < Math.Max(_room / 2, 1))
        {
            var larger = ArrayPool<byte>.Shared.Rent(unread.Length + _room);
            unread.CopyTo(larger);
            Release();
            _buffer = larger;
        }
        else
        {
            unread.CopyTo(_buffer);
        }

        _start = 0;
        _end = unread.Length;
    }

    private void Release()
    {
        var buffer = _buffer;
        (_buffer, _start, _end) = ([], 0, 0);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
