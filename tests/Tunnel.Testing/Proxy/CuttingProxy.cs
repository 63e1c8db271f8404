using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Tunnel.Testing;

/// <summary>
/// A TCP proxy on a loopback port that stands for a bad network between an agent and a relay. Depends on nothing but the base library
/// (a bench links the folder Proxy). Everything can be changed while connections are open, from any thread.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly EndPoint _target;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<int, ProxiedConnection> _connections = [];
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _gate = new(); // guards everything below
    private readonly List<(int Cuts, TaskCompletionSource Reached)> _waiting = [];
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private (int Seed, TimeSpan Mean)? _random;
    private int _accepted;
    private int _cuts;

    private CuttingProxy(EndPoint target, TimeProvider time)
    {
        _target = target;
        _time = time;
        Port = Listen(0);
    }

    /// <summary>The port to dial in place of the target's.</summary>
    public int Port { get; }

    public Uri Url => new($"http://127.0.0.1:{Port}/");

    /// <summary>From who dials (the agent) to the target (the relay).</summary>
    public ProxyDirection Up { get; } = new();

    /// <summary>From the target (the relay) to who dialled (the agent).</summary>
    public ProxyDirection Down { get; } = new();

    /// <summary>
    /// The kernel's receive buffer in bytes of connections made from now on, or null for its own choice (megabytes). With a throttle a
    /// small one, such as 65,536, keeps the queue in the sender, where a real slow network leaves it.
    /// </summary>
    public int? ReceiveBuffer { get; set; }

    /// <summary>Connections that are open now.</summary>
    public int Connections => _connections.Count;

    /// <summary>Connections since the start.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Connections that the proxy cut since the start.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Starts to listen.</summary>
    /// <param name="targetPort">Where the relay listens on 127.0.0.1.</param>
    /// <param name="time">Measures delays, rates and random intervals.</param>
    public static CuttingProxy Start(int targetPort, TimeProvider? time = null) =>
        new(new IPEndPoint(IPAddress.Loopback, targetPort), time ?? TimeProvider.System);

    /// <summary>Resets every open connection.</summary>
    public void CutAll()
    {
        foreach (var connection in _connections.Values)
        {
            connection.Cut();
        }
    }

    /// <summary>
    /// Resets each connection after a random time, exponentially distributed around the mean. The seed and a connection's number decide
    /// its time. Open ones are counted from now.
    /// </summary>
    public void CutAtRandom(int seed, TimeSpan mean)
    {
        lock (_gate)
        {
            _random = (seed, mean);
        }

        foreach (var (number, connection) in _connections)
        {
            connection.CutAfter(Lifetime(number));
        }
    }

    /// <summary>Ends <see cref="CutAtRandom"/>, for open connections too.</summary>
    public void StopCutting()
    {
        lock (_gate)
        {
            _random = null;
        }

        foreach (var connection in _connections.Values)
        {
            connection.CutAfter(null);
        }
    }

    /// <summary>
    /// Stops both directions; one alone is stopped by its <see cref="ProxyDirection.IsBlackHole"/>. Sockets stay open, also when an end
    /// closes its own: the other hears nothing of it before <see cref="Heal"/>.
    /// </summary>
    /// <param name="newOnesToo">Whether connections made from now on are stopped as well; they are accepted all the same.</param>
    public void BlackHole(bool newOnesToo = true)
    {
        if (newOnesToo)
        {
            Up.IsBlackHole = true;
            Down.IsBlackHole = true;
        }

        foreach (var connection in _connections.Values)
        {
            connection.BlackHole();
        }
    }

    /// <summary>Ends every black hole; what was held goes on, as with TCP.</summary>
    public void Heal()
    {
        Up.IsBlackHole = false;
        Down.IsBlackHole = false;
        foreach (var connection in _connections.Values)
        {
            connection.Heal();
        }
    }

    /// <summary>Who dials from now on is refused. Open connections stay.</summary>
    public void StopAccepting()
    {
        lock (_gate)
        {
            _listener?.Dispose();
            _listener = null;
        }
    }

    /// <summary>Listens again, on the same port.</summary>
    public async Task ResumeAcceptingAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Listen(Port);
                return;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse && attempt < 50)
            {
                await Task.Delay(100); // another process may have got the port for a connection of its own
            }
        }
    }

    /// <summary>Completes when so many connections were cut since the start.</summary>
    public Task WhenCutAsync(int cuts)
    {
        lock (_gate)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((cuts, reached));
            Notify();
            return reached.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _disposed.Cancel();
        StopAccepting();
        await _accepting;
        while (!_connections.IsEmpty)
        {
            foreach (var connection in _connections.Values)
            {
                connection.End();
                await connection.Ended;
            }
        }
    }

    private int Listen(int port)
    {
        lock (_gate)
        {
            if (_listener is not null || _disposed.IsCancellationRequested)
            {
                return port;
            }

            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
                listener.Listen(512);
            }
            catch
            {
                listener.Dispose();
                throw;
            }

            _listener = listener;
            var before = _accepting;
            _accepting = Task.Run(async () =>
            {
                await before;
                await AcceptAsync(listener);
            });
            return ((IPEndPoint)listener.LocalEndPoint!).Port;
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync(_disposed.Token);
            }
            catch (SocketException) when (ReferenceEquals(Volatile.Read(ref _listener), listener))
            {
                await Task.Delay(50); // who dialled is gone already, or there are no files left
                continue;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }

            var number = Interlocked.Increment(ref _accepted);
            var connection = new ProxiedConnection(socket, _target, Up, Down, ReceiveBuffer, _time);
            _connections[number] = connection;
            connection.CutAfter(Lifetime(number));
            _ = Task.Run(async () =>
            {
                await connection.RunAsync();
                _connections.TryRemove(number, out _);
                if (connection.WasCut)
                {
                    lock (_gate)
                    {
                        _cuts++;
                        Notify();
                    }
                }

                connection.Left();
            });
        }
    }

    private TimeSpan? Lifetime(int number)
    {
        lock (_gate)
        {
            return _random is var (seed, mean) ? -Math.Log(1 - new Random(unchecked((seed * 7919) + number)).NextDouble()) * mean : null;
        }
    }

    private void Notify()
    {
        foreach (var (cuts, reached) in _waiting)
        {
            if (_cuts >= cuts)
            {
                reached.TrySetResult();
            }
        }

        _waiting.RemoveAll(static waiting => waiting.Reached.Task.IsCompleted);
    }
}
