using System.Net;
using System.Net.Sockets;

namespace Tunnel.Testing;

/// <summary>A connection through a <see cref="CuttingProxy"/>: two sockets, two directions.</summary>
internal sealed class ProxiedConnection(
    Socket client, EndPoint target, ProxyDirection up, ProxyDirection down, int? receiveBuffer, TimeProvider time)
{
    private readonly Socket _server = new(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Hole _hole = new();
    private readonly Lock _gate = new(); // guards the timer
    private ITimer? _timer;
    private int _wasCut;

    /// <summary>Completes when the connection is closed and counted.</summary>
    public Task Ended => _left.Task;

    public bool WasCut => Volatile.Read(ref _wasCut) == 1;

    public void Left() => _left.TrySetResult();

    public void Cut()
    {
        if (!_over.IsCancellationRequested)
        {
            Volatile.Write(ref _wasCut, 1);
            End();
        }
    }

    public void End() => _over.Cancel();

    public void BlackHole() => _hole.IsOpen = true;

    public void Heal() => _hole.IsOpen = false;

    public void CutAfter(TimeSpan? lifetime)
    {
        lock (_gate)
        {
            _timer?.Dispose();
            _timer = lifetime is { } due && !_over.IsCancellationRequested
                ? time.CreateTimer(static state => ((ProxiedConnection)state!).Cut(), this, due, Timeout.InfiniteTimeSpan)
                : null;
        }
    }

    public async Task RunAsync()
    {
        try
        {
            client.NoDelay = _server.NoDelay = true;
            if (receiveBuffer is { } size)
            {
                client.ReceiveBufferSize = _server.ReceiveBufferSize = size;
            }

            await _server.ConnectAsync(target, _over.Token);
            var upward = new ProxyPipe(client, _server, up, _hole, time, Cut, End, _over.Token).RunAsync();
            var downward = new ProxyPipe(_server, client, down, _hole, time, Cut, End, _over.Token).RunAsync();
            var first = await Task.WhenAny(upward, downward);
            if (!first.IsCompletedSuccessfully)
            {
                End(); // a broken direction breaks the other one; one that has ended in order does not
            }

            await Task.WhenAll(upward, downward);
        }
        catch (Exception)
        {
            // An end is gone, or the connection was cut. A reset says so to both ends, where a close would look like an orderly end.
            client.LingerState = _server.LingerState = new LingerOption(true, 0);
        }
        finally
        {
            CutAfter(null);
            _over.Cancel();
            client.Dispose();
            _server.Dispose();
        }
    }
}
