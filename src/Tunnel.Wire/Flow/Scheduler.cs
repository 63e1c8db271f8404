using System.Diagnostics.CodeAnalysis;

namespace Tunnel.Wire.Flow;

/// <summary>
/// Whose turn it is to move what waits into the log: round robin, exchanges with heads, or that have sent little, before the others. No I/O
/// and no lock: its owner guards it.
/// </summary>
internal sealed class Scheduler
{
    private const int YoungTurns = 8; // then one of bulk, so that a crowd of small messages does not stop the large ones for good
    private readonly Queue<OutboundStream> _young = new();
    private readonly Queue<OutboundStream> _bulk = new();
    private int _youngTurns;

    public bool IsEmpty => _young.Count == 0 && _bulk.Count == 0;

    /// <summary>Whether exchanges that have sent little wait until bulk has had a turn.</summary>
    public bool IsYoungHeldUp => _young.Count > 0 && Current == _bulk;

    /// <summary>Puts an exchange at the end of its queue, unless it is in one.</summary>
    public void Enqueue(OutboundStream stream)
    {
        if (!stream.IsQueued)
        {
            stream.IsQueued = true;
            (IsYoung(stream) ? _young : _bulk).Enqueue(stream);
        }
    }

    /// <summary>The exchange whose turn it is. It stays where it is until <see cref="Advance"/>.</summary>
    public bool TryPeek([NotNullWhen(true)] out OutboundStream? stream)
    {
        while (Current.TryPeek(out stream))
        {
            if (stream.IsWaiting)
            {
                return true;
            }

            Dequeue(); // it has given up what waited
        }

        return false;
    }

    /// <summary>The exchange whose turn it was has had it; it goes to the back if more of it waits.</summary>
    public void Advance()
    {
        if (Dequeue() is { IsWaiting: true } stream)
        {
            Enqueue(stream);
        }
    }

    public static bool IsYoung(OutboundStream stream) => stream.HasHeads || stream.Sent < WireDefaults.MaxDataPayload;

    private Queue<OutboundStream> Current =>
        _young.Count > 0 && (_bulk.Count == 0 || _youngTurns < YoungTurns) ? _young : _bulk;

    private OutboundStream Dequeue()
    {
        var queue = Current;
        _youngTurns = queue == _young ? _youngTurns + 1 : 0;
        var stream = queue.Dequeue();
        stream.IsQueued = false;
        return stream;
    }
}
