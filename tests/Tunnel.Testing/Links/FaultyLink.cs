using System.Threading.Channels;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Session;

namespace Tunnel.Testing;

/// <summary>
/// A link that fails as a test says. It wraps one end of another link and stands for the network between the two, so the other end
/// needs no wrapper: <see cref="Outgoing"/> is what this end sends, <see cref="Incoming"/> what the other end does.
/// </summary>
internal sealed class FaultyLink : ILink
{
    private readonly ILink _inner;
    private readonly CancellationTokenSource _over = new();
    private readonly Channel<byte[]> _arrived = Channel.CreateUnbounded<byte[]>(); // bounded by LinkDirection.MostHeld
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _reason; // set once, by whoever ends the link
    private Task? _reading;

    public FaultyLink(ILink inner, TimeProvider? time = null)
    {
        _inner = inner;
        time ??= TimeProvider.System;
        Outgoing = new LinkDirection(time, message => inner.SendAsync(OutgoingMessage.Copy(message.Span)), Cut, _over.Token);
        Incoming = new LinkDirection(time, message => _arrived.Writer.WriteAsync(message.ToArray()), Cut, _over.Token);
    }

    public LinkDirection Outgoing { get; }

    public LinkDirection Incoming { get; }

    /// <summary>Completes when the link was cut, or aborted by its owner.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Two ends in memory with faults between them.</summary>
    public static (MemoryLink Relay, FaultyLink Agent) CreatePair(TimeProvider? time = null)
    {
        var (relay, agent) = MemoryLink.CreatePair();
        return (relay, new FaultyLink(agent, time));
    }

    /// <summary>Ends the link at once, at both ends. What is under way is lost; what has arrived at the other end can be read there.</summary>
    public void Cut() => Cut("The test cut the link.");

    /// <summary>Both directions.</summary>
    public void BlackHole()
    {
        Outgoing.BlackHole();
        Incoming.BlackHole();
    }

    /// <summary>Both directions.</summary>
    public void Heal()
    {
        Outgoing.Heal();
        Incoming.Heal();
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync()
    {
        ThrowIfOver();
        _reading ??= Task.Run(ReadAsync);
        try
        {
            return await _arrived.Reader.WaitToReadAsync(_over.Token) && _arrived.Reader.TryRead(out var message) ? message : default;
        }
        catch (OperationCanceledException)
        {
            throw new IOException(_reason);
        }
    }

    public async ValueTask SendAsync(OutgoingMessage message)
    {
        ThrowIfOver();
        try
        {
            await Outgoing.PassAsync(message.Message);
        }
        catch (OperationCanceledException)
        {
            throw new IOException(_reason);
        }
    }

    public async Task CloseAsync()
    {
        if (!_over.IsCancellationRequested)
        {
            await Outgoing.FinishAsync(async () => await _inner.CloseAsync());
        }
    }

    public void Abort() => End("The link was aborted.", tellPeer: !Outgoing.IsBlackHole);

    public async ValueTask DisposeAsync()
    {
        End("The link was disposed of.", tellPeer: false);
        await _inner.DisposeAsync();
    }

    private void Cut(string reason) => End(reason, tellPeer: true);

    private void End(string reason, bool tellPeer)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            _over.Cancel();
            _ended.TrySetResult();
        }

        if (tellPeer)
        {
            _inner.Abort();
        }
    }

    private async Task ReadAsync()
    {
        Exception? error = null;
        try
        {
            while (true)
            {
                var message = await _inner.ReceiveAsync();
                if (message.IsEmpty)
                {
                    break;
                }

                await Incoming.PassAsync(message);
            }
        }
        catch (Exception exception)
        {
            error = exception;
        }

        await Incoming.FinishAsync(() =>
        {
            _arrived.Writer.TryComplete(error);
            return default;
        });
    }

    private void ThrowIfOver()
    {
        if (_over.IsCancellationRequested)
        {
            throw new IOException(_reason);
        }
    }
}
