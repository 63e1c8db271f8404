using Tunnel.Benchmarks.Codec;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Benchmarks.Session;

/// <summary>A relay's and an agent's session over a link in memory. The agent answers every request with a typical head and a body.</summary>
internal sealed class ExchangePair : IAsyncDisposable, IExchangeHandler
{
    private readonly MemoryBudget _budget = new(1L << 30);
    private readonly byte[] _request = TypicalHeads.EncodedRequest;
    private readonly byte[] _body;
    private readonly TunnelSession _relay;
    private readonly TunnelSession _agent;

    public ExchangePair(int bodyLength)
    {
        _body = new byte[bodyLength];
        var (relayLink, agentLink) = PooledLink.CreatePair();
        _relay = new TunnelSession(handler: null, _budget, TimeProvider.System);
        _agent = new TunnelSession(this, _budget, TimeProvider.System);
        _ = _relay.RunAsync(_relay.Fence(), relayLink, peerReceived: 0);
        _ = _agent.RunAsync(_agent.Fence(), agentLink, peerReceived: 0);
    }

    /// <summary>One exchange, from the request's head to the response's last byte.</summary>
    /// <returns>The bytes of the body.</returns>
    public async ValueTask<long> ExchangeAsync()
    {
        var outcome = _relay.TryOpen(_request, FrameFlags.End, out var exchange);
        if (outcome != OpenOutcome.Opened)
        {
            throw new InvalidOperationException($"No exchange could be opened: {outcome}.");
        }

        using (exchange)
        {
            using (var head = await exchange!.ReadHeadAsync().ConfigureAwait(false))
            {
                TypicalHeads.ReadResponse(head.Read());
            }

            long length = 0;
            while (true)
            {
                var read = await exchange.Input.ReadAsync().ConfigureAwait(false);
                length += read.Buffer.Length;
                exchange.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return length;
                }
            }
        }
    }

    // On a thread of its own, as the agent's dispatcher does.
    public void OnOpened(Exchange exchange) => ThreadPool.UnsafeQueueUserWorkItem(
        static state => _ = state.pair.ServeAsync(state.exchange), (pair: this, exchange), preferLocal: false);

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync().ConfigureAwait(false);
        await _agent.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ServeAsync(Exchange exchange)
    {
        using (exchange)
        {
            if (exchange.TryReadHead(out var request))
            {
                TypicalHeads.ReadRequest(request.Read());
                request.Dispose();
            }

            SendHead(exchange);
            await exchange.WriteAsync(_body, end: true).ConfigureAwait(false);
        }
    }

    private static void SendHead(Exchange exchange)
    {
        using var head = HeadWriter.Rent();
        TypicalHeads.WriteResponse(head);
        exchange.SendHead(head.Written, flush: false);
    }
}
