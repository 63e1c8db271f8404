namespace Tunnel.Wire.Registration;

/// <summary>What a side can do beyond version 1 (PROTOCOL.md, Versions and capabilities).</summary>
internal static class Capabilities
{
    /// <summary>Bodies of responses may travel compressed.</summary>
    public const string Compression = "compression";

    /// <summary>How a response's head says that its body does: a transfer coding of the link (RFC 9112 section 7.2), in the format of RFC 1950.</summary>
    public const string TransferCoding = "deflate";
}
