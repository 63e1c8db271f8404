namespace Tunnel.Testing;

/// <summary>A message that a link is about to carry.</summary>
/// <param name="Number">Counted from 1 in its direction, since the link began.</param>
/// <param name="Start">How many bytes the direction's messages had before it.</param>
/// <param name="Bytes">Valid during the call only.</param>
internal readonly record struct PassingMessage(int Number, long Start, ReadOnlyMemory<byte> Bytes);

internal enum FaultKind
{
    None,
    Drop,
    Duplicate,
    Truncate,
    CutBefore,
    CutAfter,
    BlackHole,
}

/// <summary>What becomes of a message.</summary>
internal readonly record struct Fault(FaultKind Kind, int Length = 0)
{
    /// <summary>The message is lost; a WebSocket does this to no message but the last.</summary>
    public static readonly Fault Drop = new(FaultKind.Drop);

    public static readonly Fault Duplicate = new(FaultKind.Duplicate);

    /// <summary>The link is cut and the message lost. Its sender is not told at once, as with a real network.</summary>
    public static readonly Fault CutBefore = new(FaultKind.CutBefore);

    /// <summary>The message arrives and the link is cut.</summary>
    public static readonly Fault CutAfter = new(FaultKind.CutAfter);

    /// <summary>The message and all after it are held until the direction is healed.</summary>
    public static readonly Fault BlackHole = new(FaultKind.BlackHole);

    /// <summary>The message's first bytes arrive as a message.</summary>
    public static Fault Truncate(int length) => new(FaultKind.Truncate, length);
}
