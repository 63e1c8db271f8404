using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Tunnel.Relay.Hosting;

namespace Tunnel.Relay.Tests.Hosting;

public sealed class ServerBlocksTests
{
    [Theory]
    [InlineData(false, 4096)]
    [InlineData(true, 16 * 1024)]
    public async Task Server_ReadsInLargeBlocks_OnlyWhereItMayBeAdapted(bool adaptServer, int size)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddTunnelRelay(options => options.AdaptServer = adaptServer);
        builder.Services.AddTunnelRelay(); // once more does no harm
        await using var app = builder.Build();

        using var pool = app.Services.GetRequiredService<IMemoryPoolFactory<byte>>().Create();

        using var block = pool.Rent();
        Assert.Equal(size, block.Memory.Length);
        Assert.Equal(adaptServer, pool.GetType().Assembly == typeof(TunnelRelayOptions).Assembly);
    }

    [Fact]
    public async Task PoolsOfAnApp_KeepTheirBlocksWithinOneBound()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddTunnelRelay(options => options.AdaptServer = true);
        await using var app = builder.Build();
        var pools = app.Services.GetRequiredService<IMemoryPoolFactory<byte>>();
        using var first = pools.Create();
        using var second = pools.Create();

        var burst = Enumerable.Range(0, ServerBlocks.MaxKept).Select(_ => first.Rent()).ToList();
        burst.ForEach(static block => block.Dispose());
        Assert.NotSame(RentAndReturn(second), second.Rent());
        Assert.Contains(first.Rent(), burst);

        first.Dispose();
        Assert.Same(RentAndReturn(second), second.Rent());

        static IMemoryOwner<byte> RentAndReturn(MemoryPool<byte> pool)
        {
            using var block = pool.Rent();
            return block;
        }
    }
}
