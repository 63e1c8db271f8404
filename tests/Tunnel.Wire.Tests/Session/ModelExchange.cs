using System.Buffers;
using System.IO.Pipelines;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Wire.Tests.Session;

/// <summary>An exchange as the model sees it: two sides, each of which writes bytes that say where they belong.</summary>
internal sealed class ModelExchange
{
    public ModelExchange(Exchange relay, Func<uint, Exchange?> accepted)
    {
        Relay = new ModelSide(relay.Id, isRelay: true, () => relay);
        Agent = new ModelSide(relay.Id, isRelay: false, () => accepted(relay.Id));
        Relay.Peer = Agent;
        Agent.Peer = Relay;
    }

    public ModelSide Relay { get; }

    public ModelSide Agent { get; }

    public override string ToString() => $"{Relay} | {Agent}";

    /// <summary>Both sides write no more and read what there is; then both are disposed.</summary>
    public async Task FinishAsync()
    {
        // Who hears that the other side has given up the exchange gives it up as well, as every owner of an exchange does.
        if (Relay.HasLeft || Agent.HasLeft)
        {
            await Relay.LeaveAsync();
            await Agent.LeaveAsync();
        }

        Relay.End(trailers: false);
        Agent.End(trailers: false);
        var reading = Task.WhenAll(Relay.ReadToEndAsync(), Agent.ReadToEndAsync());
        await Task.WhenAll(Relay.WrittenAsync(), Agent.WrittenAsync(), reading);
        Relay.Dispose();
        Agent.Dispose();
    }
}

/// <summary>One side of an exchange: what it was told to do, and what its reader saw.</summary>
internal sealed class ModelSide(uint id, bool isRelay, Func<Exchange?> find)
{
    private Task _writing = Task.CompletedTask; // one writer at a time
    private Task _reading = Task.CompletedTask; // one reader at a time
    private long _written; // accepted by WriteAsync as sent, or begun
    private long _read;
    private bool _isReadToEnd;
    private bool _isDisposed;
    private int _heads;
    private bool _gaveUp; // reset, aborted or stopped in a way that ends the exchange

    public ModelSide Peer { get; set; } = null!;

    public bool HasEnded { get; private set; }

    public bool HasStopped { get; private set; }

    public void Write(int count, bool end)
    {
        if (HasEnded || Exchange is not { } exchange)
        {
            return;
        }

        HasEnded = end;
        _writing = WriteAfterAsync(_writing, exchange, count, end);
    }

    public void End(bool trailers)
    {
        if (HasEnded)
        {
            return;
        }

        HasEnded = true;
        _writing = EndAfterAsync(_writing, trailers);
    }

    public void SendHead(int length)
    {
        if (!isRelay && !HasEnded && _written == 0 && _writing.IsCompleted && _heads < WireDefaults.MaxWaitingHeads && Exchange is { } exchange)
        {
            _heads++;
            exchange.SendHead(new byte[length + 1]);
        }
    }

    /// <summary>Whether it gave up both directions.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>Gives up both directions as soon as the exchange is there.</summary>
    public async Task LeaveAsync()
    {
        while (Exchange is null)
        {
            await Task.Yield();
        }

        Abort();
    }

    public void Reset()
    {
        if (Exchange is { } exchange)
        {
            _gaveUp = true;
            exchange.Reset(ErrorCode.Failed);
        }
    }

    public void Stop(ErrorCode code)
    {
        if (Exchange is { } exchange)
        {
            HasStopped = true;
            _gaveUp |= code != ErrorCode.None;
            HasLeft |= code != ErrorCode.None;
            exchange.StopReading(code);
        }
    }

    public void Abort()
    {
        if (Exchange is { } exchange)
        {
            _gaveUp = true;
            HasLeft = true;
            HasStopped = true;
            exchange.Abort(ErrorCode.Cancelled);
        }
    }

    public void ReadSome(int count)
    {
        if (Exchange is { } exchange && !HasStopped && !_isDisposed)
        {
            _reading = ReadAfterAsync(_reading, exchange, _read + count, wait: count % 2 == 0);
        }
    }

    public async Task ReadToEndAsync()
    {
        while (Exchange is null)
        {
            await Task.Yield(); // its head is on the way
        }

        if (HasStopped || _isDisposed)
        {
            return;
        }

        await (_reading = ReadAfterAsync(_reading, Exchange!, long.MaxValue, wait: true));
        if (_isReadToEnd)
        {
            // Complete means all of it, whatever else happened on the way.
            Assert.Equal(Peer._written, _read);
        }
        else
        {
            Assert.True(_gaveUp || Peer._gaveUp, $"exchange {id}: cut short for no reason");
        }
    }

    public Task WrittenAsync() => _writing;

    public override string ToString() =>
        $"{(isRelay ? "relay" : "agent")} {id}: {(Exchange is null ? "not there, " : "")}{(_writing.IsCompleted ? "" : "writes, ")}{(_reading.IsCompleted ? "" : "reads, ")}wrote {_written}, read {_read}{(_isReadToEnd ? " all" : "")}{(HasEnded ? ", ended" : "")}{(HasStopped ? ", stopped" : "")}{(_gaveUp ? ", gave up" : "")}";

    /// <summary>Leaves in the middle of whatever there is, unless somebody reads or writes: that would be against the exchange's contract.</summary>
    public void Leave()
    {
        if (_writing.IsCompleted && _reading.IsCompleted && Exchange is not null)
        {
            _gaveUp = true;
            HasLeft = true;
            Dispose();
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        Exchange?.Dispose();
    }

    private Exchange? Exchange => find();

    private async Task WriteAfterAsync(Task before, Exchange exchange, int count, bool end)
    {
        await before;
        var data = new byte[count];
        Fill(data, _written);
        _written += count;
        await exchange.WriteAsync(data, end);
        data.AsSpan().Fill(0xEE); // who still reads this reads memory that is not its own
    }

    private async Task EndAfterAsync(Task before, bool trailers)
    {
        await before;
        while (Exchange is null)
        {
            await Task.Yield();
        }

        if (trailers)
        {
            Exchange!.EndWithTrailers([1, 2, 3]);
        }
        else
        {
            Exchange!.End();
        }
    }

    private async Task ReadAfterAsync(Task before, Exchange exchange, long target, bool wait)
    {
        await before;
        try
        {
            while (_read < target && !_isReadToEnd)
            {
                ReadResult available;
                if (wait)
                {
                    available = await exchange.Input.ReadAsync();
                }
                else if (!exchange.Input.TryRead(out available))
                {
                    return;
                }

                Check(available.Buffer);
                _read += available.Buffer.Length;
                _isReadToEnd = available.IsCompleted;
                exchange.Input.AdvanceTo(available.Buffer.End);
            }
        }
        catch (Exception exception) when (exception is ExchangeException or ObjectDisposedException)
        {
            // Reset, stopped or aborted; ReadToEnd judges whether there was a reason.
        }
    }

    private void Check(ReadOnlySequence<byte> bytes)
    {
        var expected = new byte[bytes.Length];
        Peer.Fill(expected, _read);
        Assert.True(bytes.ToArray().AsSpan().SequenceEqual(expected), $"exchange {id}: wrong bytes at {_read}");
    }

    private void Fill(Span<byte> bytes, long offset)
    {
        var seed = (id * 31) + (isRelay ? 7u : 13u);
        for (var index = 0; index < bytes.Length; index++)
        {
            bytes[index] = (byte)(seed + ((offset + index) * 197) + ((offset + index) >> 8));
        }
    }
}
