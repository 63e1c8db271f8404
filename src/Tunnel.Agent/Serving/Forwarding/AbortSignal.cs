using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>Tells that the visitor, or the relay, has given an exchange up.</summary>
internal sealed class AbortSignal : IAbortHandler
{
    // Without a timer or a link to another token it holds nothing that would have to be disposed.
    private readonly CancellationTokenSource _aborted = new();

    public AbortSignal(Exchange exchange) => exchange.OnAborted(this);

    public bool IsSet => _aborted.IsCancellationRequested;

    public CancellationToken Token => _aborted.Token;

    void IAbortHandler.OnAborted(Exchange exchange, ErrorCode code) => _aborted.Cancel();
}
