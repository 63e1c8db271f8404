using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>Makes connections to the target and keeps those that can carry another request. There is no limit on those in use.</summary>
internal sealed class OriginPool : IDisposable
{
    /// <summary>A local server answers a connect at once or is not there; five seconds also cover one that starts.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Below the 5 seconds after which Node closes an idle connection, so that a request hardly ever meets one that is being closed.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(4);

    private const int MaxIdle = 256;

    private readonly Lock _gate = new(); // guards the two fields below
    private readonly List<OriginConnection> _idle = []; // the one given back last is last
    private bool _disposed;

    private readonly ForwardTarget _target;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public OriginPool(ForwardTarget target, TimeProvider time)
    {
        _target = target;
        _time = time;
        _timer = time.CreateTimer(static state => ((OriginPool)state!).CloseExpired(), this, IdleTimeout, IdleTimeout);
    }

    public bool TryTake([NotNullWhen(true)] out OriginConnection? connection)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_idle.Count == 0)
                {
                    connection = null;
                    return false;
                }

                connection = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
            }

            if (!IsExpired(connection) && !connection.IsStale)
            {
                return true;
            }

            connection.Dispose();
        }
    }

    /// <exception cref="OriginUnreachableException">The target does not take the connection.</exception>
    public async Task<OriginConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var socket = _target.EndPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(_target.EndPoint, either.Token).ConfigureAwait(false);
            var stream = await SecureAsync(new NetworkStream(socket, ownsSocket: true), either.Token).ConfigureAwait(false);
            return new OriginConnection(socket, stream);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            if (exception is SocketException or IOException or AuthenticationException or OperationCanceledException)
            {
                throw new OriginUnreachableException(exception);
            }

            throw;
        }
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

    private async ValueTask<Stream> SecureAsync(Stream stream, CancellationToken cancellationToken)
    {
        if (!_target.IsTls)
        {
            return stream;
        }

        var tls = new SslStream(stream);
        var options = new SslClientAuthenticationOptions { TargetHost = _target.Host, ApplicationProtocols = [SslApplicationProtocol.Http11] };
        await tls.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
        return tls;
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

    private bool IsExpired(OriginConnection connection) => _time.GetElapsedTime(connection.IdleSince) >= IdleTimeout;
}
