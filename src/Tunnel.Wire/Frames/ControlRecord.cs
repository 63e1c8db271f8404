namespace Tunnel.Wire.Frames;

/// <summary>One record of the control lane.</summary>
/// <param name="Type">What it says.</param>
/// <param name="First">A nonce, an offset, an exchange or a code, by its type.</param>
/// <param name="Second">A limit or a code, or 0.</param>
internal readonly record struct ControlRecord(ControlType Type, ulong First, ulong Second = 0)
{
    /// <summary>One byte of type and two varints.</summary>
    public const int MaxSize = 21;
}
