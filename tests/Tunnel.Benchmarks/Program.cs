using BenchmarkDotNet.Running;
using Tunnel.Benchmarks.Allocations;

if (args is ["allocations"])
{
    await ExchangeAllocations.PrintAsync();
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
