namespace Tunnel.Wire.Codec;

/// <summary>A head is larger than <see cref="WireDefaults.MaxHeadSize"/>.</summary>
internal sealed class HeadTooLargeException() : IOException($"The header section is larger than {WireDefaults.MaxHeadSize} bytes.");
