namespace Tunnel.Wire.Session;

/// <summary>The heads of one message that nobody has read yet, in order. Most messages have one, which takes no memory of its own.</summary>
internal struct ReceivedHeads
{
    private ReceivedHead _first;
    private Queue<ReceivedHead>? _others;

    public readonly int Count => (_first.IsPresent ? 1 : 0) + (_others?.Count ?? 0);

    public void Enqueue(ReceivedHead head)
    {
        if (!_first.IsPresent)
        {
            _first = head;
            return;
        }

        _others ??= new Queue<ReceivedHead>();
        _others.Enqueue(head);
    }

    public bool TryDequeue(out ReceivedHead head)
    {
        head = _first;
        _first = default;
        if (_others is { Count: > 0 })
        {
            _first = _others.Dequeue();
        }

        return head.IsPresent;
    }
}
