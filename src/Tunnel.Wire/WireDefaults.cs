namespace Tunnel.Wire;

/// <summary>Constants of the protocol. PROTOCOL.md lists them with the bound each one gives.</summary>
internal static class WireDefaults
{
    /// <summary>The WebSocket subprotocol of the binary protocol (RFC 6455 section 1.9).</summary>
    public const string Subprotocol = "tunnel.v1";

    /// <summary>
    /// Largest WebSocket message. Several frames share one message, and a message is what one send costs: 64 KiB reached 1.4 GB/s on
    /// loopback, and larger ones gained nothing. Twice that leaves room for the largest head in the same message.
    /// </summary>
    public const int MaxMessageSize = 128 * 1024;

    /// <summary>A message that has reached this size is not added to any more.</summary>
    public const int MessageFillSize = 64 * 1024;

    /// <summary>Largest payload of a data frame: a small response never waits behind more than this of one other exchange.</summary>
    public const int MaxDataPayload = 16 * 1024;

    /// <summary>Largest encoded head. Above what Kestrel accepts from a visitor by default (8 KiB line, 32 KiB headers) and above the standalone relay's limits.</summary>
    public const int MaxHeadSize = 96 * 1024;

    /// <summary>Credit that both ends of an exchange start with, per direction.</summary>
    public const int InitialCredit = 256 * 1024;

    /// <summary>Exchanges that a session may have open at once; the memory for their bodies is bounded by this times the credit.</summary>
    public const int MaxOpenExchanges = 4096;

    /// <summary>Informational heads that may wait for a reader in one exchange.</summary>
    public const int MaxWaitingHeads = 16;

    /// <summary>Silence after which a ping is sent: under the 60 seconds after which common proxies close an idle WebSocket.</summary>
    public static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(15);

    /// <summary>Silence after which the link counts as dead: two pings without an answer.</summary>
    public static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(35);
}
