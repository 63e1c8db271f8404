using System.Diagnostics.CodeAnalysis;
using System.Net.Security;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>Makes connections to the target and keeps those that can carry another request. There is no limit on those in use.</summary>
internal sealed class OriginPool : IDisposable
{
    /// <summary>Below the 5 seconds after which Node closes an idle connection, so that a request hardly ever meets one that is being closed.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Some targets close connections that they said they would keep. After one did, requests that must not be sent twice get only connections
    /// that have been idle for so long that their end would have been seen.
    /// </summary>
    private static readonly TimeSpan DistrustTime = TimeSpan.FromMinutes(1);

    /// <summary>A server that closes after its answer does so at once; on this machine's own network that is here within a millisecond.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(20);

    private const int MaxIdle = 256;

    private readonly Lock _gate = new(); // guards the three fields below
    private readonly List<OriginConnection> _idle = []; // the one given back last is last
    private long? _distrustedSince;
    private bool _disposed;

    private readonly TargetConnector _connector;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public OriginPool(TargetConnector connector, TimeProvider time)
    {
        _connector = connector;
        _time = time;
        _timer = time.CreateTimer(static state => ((OriginPool)state!).CloseExpired(), this, IdleTimeout, IdleTimeout);
    }

    /// <param name="isRepeatable">Whether the request may be sent again on another connection if this one turns out to be closed.</param>
    /// <param name="connection">A kept connection.</param>
    public bool TryTake(bool isRepeatable, [NotNullWhen(true)] out OriginConnection? connection)
    {
        while (true)
        {
            lock (_gate)
            {
                var index = isRepeatable || !IsDistrusted() ? _idle.Count - 1 : _idle.FindLastIndex(IsSettled);
                if (index < 0)
                {
                    connection = null;
                    return false;
                }

                connection = _idle[index];
                _idle.RemoveAt(index);
            }

            if (!IsExpired(connection))
            {
                if (connection.TryBeginReading())
                {
                    return true;
                }

                Distrust();
            }

            connection.Dispose();
        }
    }

    /// <summary>The target has closed a connection that it was to keep.</summary>
    public void Distrust()
    {
        lock (_gate)
        {
            _distrustedSince = _time.GetTimestamp();
        }
    }

    /// <exception cref="OriginUnreachableException">The target does not take the connection.</exception>
    public async Task<OriginConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var (socket, stream) = await _connector.ConnectAsync(SslApplicationProtocol.Http11, cancellationToken).ConfigureAwait(false);
        return new OriginConnection(socket, stream);
    }

    /// <summary>Takes back a connection whose request and response are complete.</summary>
    public void Return(OriginConnection connection)
    {
        connection.Rest(_time.GetTimestamp());
        lock (_gate)
        {
            if (!_disposed && _idle.Count < MaxIdle)
            {
                _idle.Add(connection);
                return;
            }
        }

        connection.Dispose();
    }

    public void Dispose()
    {
        _timer.Dispose();
        List<OriginConnection> idle;
        lock (_gate)
        {
            _disposed = true;
            idle = [.. _idle];
            _idle.Clear();
        }

        idle.ForEach(static connection => connection.Dispose());
    }

    private void CloseExpired()
    {
        List<OriginConnection> expired;
        lock (_gate)
        {
            var count = _idle.FindIndex(connection => !IsExpired(connection));
            expired = _idle.GetRange(0, count < 0 ? _idle.Count : count);
            _idle.RemoveRange(0, expired.Count);
        }

        expired.ForEach(static connection => connection.Dispose());
    }

    private bool IsDistrusted() => _distrustedSince is { } since && _time.GetElapsedTime(since) < DistrustTime;

    private bool IsSettled(OriginConnection connection) => _time.GetElapsedTime(connection.IdleSince) >= SettleTime;

    private bool IsExpired(OriginConnection connection) => _time.GetElapsedTime(connection.IdleSince) >= IdleTimeout;
}
