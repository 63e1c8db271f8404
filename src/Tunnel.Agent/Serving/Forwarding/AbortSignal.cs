using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Agent.Serving.Forwarding;

/// <summary>Tells that the visitor, or the relay, has given an exchange up.</summary>
internal sealed class AbortSignal : IAbortHandler
{
    private readonly Lock _gate = new(); // guards the fields below
    private OriginConnection? _connection; // the exchange's own, while it has one
    private CancellationTokenSource? _aborted; // without a timer or a link to another token it holds nothing that would have to be disposed
    private volatile bool _isSet;

    public AbortSignal(Exchange exchange) => exchange.OnAborted(this);

    public bool IsSet => _isSet;

    public CancellationToken Token
    {
        get
        {
            lock (_gate)
            {
                if (_isSet)
                {
                    return new CancellationToken(canceled: true);
                }

                return (_aborted ??= new CancellationTokenSource()).Token;
            }
        }
    }

    /// <summary>Lets the signal abort a connection, at once if it is set: what is pending there fails, which needs no tokens.</summary>
    public void Guard(OriginConnection connection)
    {
        lock (_gate)
        {
            _connection = connection;
            if (_isSet)
            {
                connection.Abort();
            }
        }
    }

    /// <summary>Lets go of the connection, before it is anybody else's.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _connection = null;
        }
    }

    void IAbortHandler.OnAborted(Exchange exchange, ErrorCode code)
    {
        CancellationTokenSource? aborted;
        lock (_gate)
        {
            _isSet = true;
            aborted = _aborted;

            // Inside the lock, or it might hit the connection's next exchange. What fails by it goes on by the thread pool.
            _connection?.Abort();
        }

        aborted?.Cancel();
    }
}
