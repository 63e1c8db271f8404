using System.Net.WebSockets;

namespace Tunnel.Integration.Tests.Fixtures;

/// <summary>One agent's way to its relay: all of its links, and what happens to them. For <c>TunnelAgentOptions.Connect</c>.</summary>
/// <param name="dial">Opens a WebSocket to the relay.</param>
internal sealed class FaultyPath(Func<Uri, string, CancellationToken, Task<WebSocket>> dial)
{
    private readonly Lock _gate = new(); // guards the fields below
    private readonly List<FaultyWebSocket> _links = []; // those that are not over, and in a black hole those that the relay still has
    private TaskCompletionSource? _partition;
    private int _dials;

    /// <summary>Over real sockets.</summary>
    public FaultyPath()
        : this(DialAsync)
    {
    }

    /// <summary>How often the agent has dialled, refused and hanging dials included.</summary>
    public int Dials => Volatile.Read(ref _dials);

    /// <summary>Whether dials fail at once, as when nothing listens.</summary>
    public volatile bool RefusesDials;

    /// <summary>What happens at each message of each link, or null for nothing.</summary>
    public Func<LinkMessage, LinkFault>? Script { get; set; }

    /// <summary>Ends the open link at both ends.</summary>
    public void Cut()
    {
        foreach (var link in Links())
        {
            link.Cut();
        }
    }

    /// <summary>Ends the open link for the agent; the relay does not hear of it, and what was on its way arrives when it is healed.</summary>
    public void CutHere()
    {
        foreach (var link in Links())
        {
            link.CutHere();
        }
    }

    /// <summary>Holds everything between the agent and the relay; new dials hang.</summary>
    public void Partition()
    {
        lock (_gate)
        {
            _partition ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _links.ForEach(link => link.BlackHole());
        }
    }

    /// <summary>Kills the open link so that nobody hears of it; a new dial works.</summary>
    public void BlackHoleLink(bool up = true, bool down = true)
    {
        foreach (var link in Links())
        {
            link.BlackHole(up, down);
        }
    }

    /// <summary>What was held on the oldest link of a black hole arrives, late, and nothing else.</summary>
    public Task DeliverOldestAsync() => Links()[0].DeliverHeldAsync();

    /// <summary>Ends the partition or the black hole: what was held arrives.</summary>
    /// <returns>Completes when the relay has been sent all of it.</returns>
    public Task HealAsync()
    {
        lock (_gate)
        {
            _partition?.TrySetResult();
            _partition = null;
            return Task.WhenAll(_links.Select(link => link.HealAsync()));
        }
    }

    public async Task<WebSocket> ConnectAsync(Uri uri, string subprotocol, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _dials);
        while (Partitioned() is { } partition)
        {
            await partition.WaitAsync(cancellationToken);
        }

        if (RefusesDials)
        {
            throw new WebSocketException(WebSocketError.Faulted, "The test refuses dials.");
        }

        var link = new FaultyWebSocket(await dial(uri, subprotocol, cancellationToken), message => Script?.Invoke(message) ?? LinkFault.None);
        lock (_gate)
        {
            // A link in a black hole is kept although its owner has given it up: healing it tells the relay.
            _links.RemoveAll(static link => link.IsOver && !link.IsBlackHole);
            _links.Add(link);
            if (_partition is not null)
            {
                link.BlackHole();
            }
        }

        return link;
    }

    /// <summary>Over a real socket.</summary>
    public static async Task<WebSocket> DialAsync(Uri uri, string subprotocol, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.AddSubProtocol(subprotocol);
            await socket.ConnectAsync(uri, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private FaultyWebSocket[] Links()
    {
        lock (_gate)
        {
            return [.. _links];
        }
    }

    private Task? Partitioned()
    {
        lock (_gate)
        {
            return _partition?.Task;
        }
    }
}
