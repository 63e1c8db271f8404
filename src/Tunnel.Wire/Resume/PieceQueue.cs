namespace Tunnel.Wire.Resume;

/// <summary>The pieces of a log in order, with a mark between those that were handed to the link and the others. A growing ring.</summary>
internal sealed class PieceQueue
{
    private LogPiece[] _ring = new LogPiece[8];
    private int _first;
    private int _count;
    private int _taken;

    public void Add(in LogPiece piece)
    {
        if (_count == _ring.Length)
        {
            var larger = new LogPiece[_ring.Length * 2];
            for (var index = 0; index < _count; index++)
            {
                larger[index] = At(index);
            }

            _ring = larger;
            _first = 0;
        }

        _ring[(_first + _count++) & (_ring.Length - 1)] = piece;
    }

    /// <summary>The first piece behind the mark, and moves the mark.</summary>
    public bool TryNext(out LogPiece piece)
    {
        if (_taken == _count)
        {
            piece = default;
            return false;
        }

        piece = At(_taken++);
        return true;
    }

    public bool TryFirst(out LogPiece piece)
    {
        piece = _count == 0 ? default : At(0);
        return _count > 0;
    }

    public void RemoveFirst()
    {
        _ring[_first] = default;
        _first = (_first + 1) & (_ring.Length - 1);
        _count--;
        _taken = Math.Max(_taken - 1, 0);
    }

    /// <summary>Moves the mark to the front.</summary>
    public void Rewind() => _taken = 0;

    private ref LogPiece At(int index) => ref _ring[(_first + index) & (_ring.Length - 1)];
}
