using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Tunnel.Relay.Hosting;

/// <summary>
/// The memory that Kestrel reads and writes connections with, in blocks of 16 KiB in place of its 4 KiB: it reads at most one block at a
/// time, and a relay's connections carry bodies. A GiB from an agent to a visitor took a third less of the relay's processor time; larger
/// blocks gained nothing more. Kestrel takes a block when something has arrived, so idle connections hold none.
/// </summary>
internal sealed class ServerBlocks : MemoryPool<byte>
{
    /// <summary>Blocks that all of an app's pools keep together: 32 MiB. What is beyond is the collector's.</summary>
    public const int MaxKept = 2048;

    private const int Size = 16 * 1024;

    private readonly ConcurrentQueue<Block> _free = new();
    private readonly StrongBox<int> _kept;
    private volatile bool _isDisposed; // a listener that was reconfigured is gone, its connections' blocks come back later

    /// <param name="kept">How many blocks are kept; shared, because Kestrel makes a pool for each processor of each listener.</param>
    private ServerBlocks(StrongBox<int> kept) => _kept = kept;

    public override int MaxBufferSize => Size;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, Size);
        return TryTake(out var block) ? block : new Block(this);
    }

    /// <summary>Has the app's server use it where the settings say that the server may be adapted. Called before the container is built.</summary>
    public static void Offer(IServiceCollection services)
    {
        // Without one there is no Kestrel, or it is added later, and keeps its own.
        if (services.LastOrDefault(service => service.ServiceType == typeof(IMemoryPoolFactory<byte>) && !service.IsKeyedService) is { } own)
        {
            services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>>(provider => new Factory(provider, own)));
        }
    }

    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        while (TryTake(out _))
        {
        }
    }

    private bool TryTake([NotNullWhen(true)] out Block? block)
    {
        if (!_free.TryDequeue(out block))
        {
            return false;
        }

        Interlocked.Decrement(ref _kept.Value);
        return true;
    }

    private void Return(Block block)
    {
        if (_isDisposed)
        {
            return;
        }

        if (Interlocked.Increment(ref _kept.Value) <= MaxKept)
        {
            _free.Enqueue(block);
        }
        else
        {
            Interlocked.Decrement(ref _kept.Value);
        }
    }

    /// <summary>Pinned for good, so that sends and receives need not pin it.</summary>
    private sealed class Block(ServerBlocks pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(Size, pinned: true), 0, Size);

        public void Dispose() => pool.Return(this);
    }

    private sealed class Factory(IServiceProvider provider, ServiceDescriptor own) : IMemoryPoolFactory<byte>
    {
        private readonly StrongBox<int> _kept = new();

        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) =>
            provider.GetRequiredService<IOptions<TunnelRelayOptions>>().Value.AdaptServer ? new ServerBlocks(_kept) : Own().Create(options);

        private IMemoryPoolFactory<byte> Own() => (IMemoryPoolFactory<byte>)(
            own.ImplementationInstance
            ?? own.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.GetServiceOrCreateInstance(provider, own.ImplementationType!));
    }
}
