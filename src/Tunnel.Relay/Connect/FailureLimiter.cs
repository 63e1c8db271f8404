using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace Tunnel.Relay.Connect;

/// <summary>
/// Bounds what unknown peers cost: after 20 failed registrations from one address (IPv6: one /64, which is one customer), further
/// ones are refused before anything is read, until tokens come back at one in three seconds.
/// </summary>
internal sealed class FailureLimiter : IDisposable
{
    public const int RetryAfterSeconds = 3;
    private readonly PartitionedRateLimiter<IPAddress?> _limiter = PartitionedRateLimiter.Create<IPAddress?, UInt128>(
        static address => RateLimitPartition.GetTokenBucketLimiter(Subnet(address), static _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 20,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromSeconds(RetryAfterSeconds),
            QueueLimit = 0,
        }));

    /// <summary>
    /// Asks for a whole token. A lease for none is given while there is any fraction of one, and as tokens come back by the time that went
    /// by, there always is.
    /// </summary>
    public bool Allows(IPAddress? address) => _limiter.GetStatistics(address) is not { CurrentAvailablePermits: <= 0 };

    public void Failed(IPAddress? address) => _limiter.AttemptAcquire(address).Dispose();

    public void Dispose() => _limiter.Dispose();

    private static UInt128 Subnet(IPAddress? address)
    {
        if (address is null)
        {
            return 0;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        if (address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false })
        {
            bytes[8..].Clear();
        }

        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
