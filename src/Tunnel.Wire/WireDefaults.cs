namespace Tunnel.Wire;

/// <summary>Constants of the protocol. PROTOCOL.md lists them with the bound each one gives.</summary>
internal static class WireDefaults
{
    /// <summary>The name of the protocol, for upgrades and as the subprotocol of WebSockets (RFC 6455 section 1.9).</summary>
    public const string Subprotocol = "tunnel.v1";

    /// <summary>Largest message that is taken in.</summary>
    public const int MaxMessageSize = 128 * 1024;

    /// <summary>
    /// What several frames may share: four full data frames. A message is what one send costs: 64 KiB reached 1.4 GB/s on loopback, and
    /// larger ones gained nothing.
    /// </summary>
    public const int FastMessageSize = 4 * SlowMessageSize;

    /// <summary>The same until the link has shown <see cref="FastRate"/>: at 64 kB/s, 64 KiB would hold the control lane back for a second.</summary>
    public const int SlowMessageSize = MaxDataPayload + 32;

    /// <summary>Acknowledged bytes per second from which on messages may be large.</summary>
    public const int FastRate = 1_000_000;

    /// <summary>Largest payload of a data frame, and the scheduler's quantum: nobody waits behind more than this of one other exchange.</summary>
    public const int MaxDataPayload = 16 * 1024;

    /// <summary>Largest encoded head. Above what Kestrel accepts from a visitor by default (8 KiB line, 32 KiB headers) and above the standalone relay's limits.</summary>
    public const int MaxHeadSize = 96 * 1024;

    /// <summary>Credit that each direction of an exchange starts with, and never loses.</summary>
    public const int CreditFloor = 16 * 1024;

    /// <summary>Largest window of one direction of an exchange: 1.3 Gbit/s at 100 ms.</summary>
    public const int MaxWindow = 16 * 1024 * 1024;

    /// <summary>What the windows of one session may have above their floors, together.</summary>
    public const long SessionPool = 64L * 1024 * 1024;

    /// <summary>Exchanges that a session may have open at once.</summary>
    public const int MaxOpenExchanges = 4096;

    /// <summary>Informational heads that may wait for a reader in one exchange.</summary>
    public const int MaxWaitingHeads = 16;

    /// <summary>What may be in the log without having been handed to the link: the longest that a small response waits behind bulk.</summary>
    public const int MaxUnsent = 128 * 1024;

    /// <summary>
    /// Flushes that follow each other this quickly share a message, where several exchanges are open: a send of one costs as much as writing
    /// ten of them.
    /// </summary>
    public static readonly TimeSpan DenseFlushes = TimeSpan.FromMicroseconds(50);

    /// <summary>What the log may hold at first. Not reserved from the budget: an idle log holds nothing.</summary>
    public const int InitialLogBound = 256 * 1024;

    /// <summary>What the log takes of bulk at least, however slow the path is and whoever is beside it.</summary>
    public const int LeastBulkBound = 128 * 1024;

    /// <summary>What the log may grow to: 2.6 Gbit/s at 100 ms.</summary>
    public const int MaxLogBound = 32 * 1024 * 1024;

    /// <summary>Above the log's bound, for heads.</summary>
    public const int LogReserveForHeads = 64 * 1024;

    /// <summary>Above that, for frames of a few bytes, which never wait. A peer that makes this overflow reads nothing and asks for much.</summary>
    public const int LogReserveForSmallFrames = 256 * 1024;

    /// <summary>
    /// Received bytes after which they are acknowledged at once. A sender with little room asks sooner; an acknowledgement of every 64 KiB
    /// costs a third of a core at 1 GB/s.
    /// </summary>
    public const int AckAfterBytes = 256 * 1024;

    /// <summary>The longest that received bytes stay unacknowledged.</summary>
    public static readonly TimeSpan AckAfter = TimeSpan.FromMilliseconds(20);

    /// <summary>Silence after which a ping is sent: under the 60 seconds after which common proxies close an idle WebSocket.</summary>
    public static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(15);

    /// <summary>How long a ping may be unanswered.</summary>
    public static readonly TimeSpan PongDeadline = TimeSpan.FromSeconds(15);

    /// <summary>How long a probed link has for its answer: somebody knows already that the network has changed.</summary>
    public static readonly TimeSpan ProbeDeadline = TimeSpan.FromSeconds(5);

    /// <summary>Silence, or standstill of acknowledgements, after which the link counts as dead.</summary>
    public static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(30);
}
