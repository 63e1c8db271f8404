using System.Net.WebSockets;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>
/// An agent's WebSocket on a network that can fail. In a black hole a direction is held until it is healed: the other end hears neither
/// what is sent, nor that this one closes or aborts.
/// </summary>
/// <param name="inner">Connected to the relay.</param>
/// <param name="script">What happens at a message, or null.</param>
internal sealed class FaultyWebSocket(WebSocket inner, Func<LinkMessage, LinkFault>? script = null) : WebSocket
{
    private const int MostHeld = 1024 * 1024; // what a sender's kernel takes; a send above it waits

    private readonly CancellationTokenSource _over = new();
    private readonly SemaphoreSlim _sending = new(1); // guards _held and _heldBytes, and keeps the order of sends
    private readonly Queue<(byte[] Bytes, WebSocketMessageType Type, bool End)> _held = [];
    private long _heldBytes;
    private int _sentBinary; // used by one send at a time, as the next by one receive
    private int _receivedBinary;
    private bool _isInMessage;
    private LinkFault _atEnd; // of the message that is being received
    private readonly Lock _gate = new(); // guards the fields below
    private TaskCompletionSource? _upHole;
    private TaskCompletionSource? _downHole;
    private bool _isDisposed;

    public override WebSocketState State => _over.IsCancellationRequested ? WebSocketState.Aborted : inner.State;

    public override WebSocketCloseStatus? CloseStatus => inner.CloseStatus;

    public override string? CloseStatusDescription => inner.CloseStatusDescription;

    public override string? SubProtocol => inner.SubProtocol;

    /// <summary>Whether the socket's owner has given it up, or it was cut.</summary>
    public bool IsOver => _over.IsCancellationRequested;

    public bool IsBlackHole => Hole(up: true) is not null || Hole(up: false) is not null;

    /// <summary>Ends the link for both ends, in a black hole too.</summary>
    public void Cut()
    {
        _over.Cancel();
        inner.Abort();
    }

    /// <param name="up">What the agent sends.</param>
    /// <param name="down">What the relay sends.</param>
    public void BlackHole(bool up = true, bool down = true)
    {
        lock (_gate)
        {
            if (up)
            {
                _upHole ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (down)
            {
                _downHole ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    /// <summary>This end fails; the other one hears nothing of it until it is healed.</summary>
    public void CutHere()
    {
        BlackHole();
        _over.Cancel();
    }

    /// <summary>Lets through what was held by now, and holds what comes.</summary>
    public async Task DeliverHeldAsync()
    {
        await _sending.WaitAsync();
        try
        {
            await ReleaseAsync();
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Lets through what was held, and then that this end is gone, if it is.</summary>
    /// <returns>Completes when the other end has been sent all of it.</returns>
    public async Task HealAsync()
    {
        lock (_gate)
        {
            _downHole?.TrySetResult();
            _downHole = null;
        }

        await _sending.WaitAsync();
        try
        {
            await ReleaseAsync();
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or ObjectDisposedException)
        {
            // The other end has given the link up.
        }
        finally
        {
            lock (_gate)
            {
                _upHole?.TrySetResult();
                _upHole = null;
                if (IsOver)
                {
                    inner.Abort(); // the other end hears of it at last
                    if (_isDisposed)
                    {
                        inner.Dispose();
                    }
                }
            }

            _sending.Release();
        }
    }

    public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        var result = await ReceiveAsync(buffer.AsMemory(), cancellationToken);
        return result.MessageType == WebSocketMessageType.Close
            ? new WebSocketReceiveResult(result.Count, result.MessageType, result.EndOfMessage, CloseStatus, CloseStatusDescription)
            : new WebSocketReceiveResult(result.Count, result.MessageType, result.EndOfMessage);
    }

    public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) => new(EndAsync(async () =>
    {
        if (_isInMessage && _atEnd == LinkFault.CutInside)
        {
            throw CutNow();
        }

        // Not into the caller's buffer, which may belong to somebody else by the time a black hole lets go of the call.
        var own = new byte[buffer.Length];
        var receiving = inner.ReceiveAsync(own.AsMemory(), cancellationToken).AsTask();
        ValueWebSocketReceiveResult? result = null;
        try
        {
            result = await receiving.WaitAsync(_over.Token);
        }
        catch (Exception) when (!_over.IsCancellationRequested && Hole(up: false) is not null)
        {
            // The other end is gone, and this one does not hear of it.
        }

        await HoleAsync(up: false, cancellationToken);
        result ??= await receiving;
        result = Arrived(result.Value, own);
        own.AsMemory(0, result.Value.Count).CopyTo(buffer);
        return result.Value;
    }));

    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();

    public override ValueTask SendAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) => new(EndAsync(async () =>
    {
        var fault = messageType == WebSocketMessageType.Close ? LinkFault.None : FaultOf(isUp: true, messageType, buffer, ref _sentBinary);
        while (true)
        {
            await _sending.WaitAsync(_over.Token);
            try
            {
                if (fault == LinkFault.Strand)
                {
                    BlackHole();
                    _held.Enqueue((buffer.ToArray(), messageType, endOfMessage));
                    _heldBytes += buffer.Length;
                    _over.Cancel();
                    return true;
                }

                if (Hole(up: true) is null)
                {
                    await SendThroughAsync(buffer, messageType, endOfMessage, fault, cancellationToken);
                    return true;
                }

                if (_heldBytes + buffer.Length <= MostHeld)
                {
                    _held.Enqueue((buffer.ToArray(), messageType, endOfMessage));
                    _heldBytes += buffer.Length;
                    return true;
                }
            }
            finally
            {
                _sending.Release();
            }

            await HoleAsync(up: true, cancellationToken);
        }
    }));

    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => EndAsync(async () =>
    {
        await HoleAsync(up: true, cancellationToken);
        await inner.CloseAsync(closeStatus, statusDescription, cancellationToken).WaitAsync(_over.Token);
        return true;
    });

    public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => EndAsync(async () =>
    {
        await HoleAsync(up: true, cancellationToken);
        await inner.CloseOutputAsync(closeStatus, statusDescription, cancellationToken).WaitAsync(_over.Token);
        return true;
    });

    public override void Abort()
    {
        _over.Cancel();
        lock (_gate)
        {
            if (_upHole is null)
            {
                inner.Abort();
            }
        }
    }

    public override void Dispose()
    {
        _over.Cancel();
        lock (_gate)
        {
            _isDisposed = true;
            if (_upHole is null)
            {
                inner.Dispose();
            }
        }
    }

    private TaskCompletionSource? Hole(bool up)
    {
        lock (_gate)
        {
            return up ? _upHole : _downHole;
        }
    }

    private async Task HoleAsync(bool up, CancellationToken cancellationToken)
    {
        while (Hole(up) is { } hole)
        {
            await hole.Task.WaitAsync(_over.Token).WaitAsync(cancellationToken);
        }
    }

    /// <summary>What the script says to a message of which this is the beginning; a cut before it happens here.</summary>
    private LinkFault FaultOf(bool isUp, WebSocketMessageType kind, ReadOnlyMemory<byte> bytes, ref int binary)
    {
        var number = kind == WebSocketMessageType.Binary ? ++binary : 0;
        var fault = script?.Invoke(new LinkMessage(isUp, number, bytes)) ?? LinkFault.None;
        return fault == LinkFault.CutBefore ? throw CutNow() : fault;
    }

    private async Task SendThroughAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, LinkFault fault, CancellationToken cancellationToken)
    {
        if (fault == LinkFault.CutInside)
        {
            await inner.SendAsync(buffer[..(buffer.Length / 2)], messageType, endOfMessage: false, cancellationToken);
            throw CutNow();
        }

        await inner.SendAsync(buffer, messageType, endOfMessage, cancellationToken);
        if (fault == LinkFault.CutAfter)
        {
            Cut();
        }
    }

    private ValueWebSocketReceiveResult Arrived(ValueWebSocketReceiveResult result, byte[] bytes)
    {
        if (result.MessageType == WebSocketMessageType.Close || result is { Count: 0, EndOfMessage: false })
        {
            return result;
        }

        if (!_isInMessage)
        {
            _atEnd = FaultOf(isUp: false, result.MessageType, bytes.AsMemory(0, result.Count), ref _receivedBinary);
        }

        _isInMessage = !result.EndOfMessage;
        if (_atEnd == LinkFault.CutInside)
        {
            _isInMessage = true;
            return new ValueWebSocketReceiveResult(result.Count / 2, result.MessageType, endOfMessage: false);
        }

        if (_atEnd == LinkFault.CutAfter && result.EndOfMessage)
        {
            Cut();
        }

        return result;
    }

    private WebSocketException CutNow()
    {
        Cut();
        return new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
    }

    private async Task ReleaseAsync()
    {
        while (_held.TryDequeue(out var held))
        {
            _heldBytes -= held.Bytes.Length;
            await inner.SendAsync(held.Bytes.AsMemory(), held.Type, held.End, CancellationToken.None);
        }
    }

    /// <summary>Says the end of the link as a real socket does.</summary>
    private async Task<T> EndAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (OperationCanceledException exception) when (_over.IsCancellationRequested)
        {
            throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, exception);
        }
    }
}
