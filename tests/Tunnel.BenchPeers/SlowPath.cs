using Tunnel.Testing;

namespace Tunnel.BenchPeers;

/// <summary>A proxy that makes a long way of loopback, until it is killed. Its first line is its port.</summary>
internal static class SlowPath
{
    public static async Task RunAsync(int targetPort, TimeSpan delay, int bytesPerSecond)
    {
        await using var proxy = CuttingProxy.Start(targetPort);
        foreach (var direction in new[] { proxy.Up, proxy.Down })
        {
            direction.Delay = delay;
            direction.BytesPerSecond = bytesPerSecond == 0 ? null : bytesPerSecond;
        }

        Console.WriteLine($"port {proxy.Port}");
        await Task.Delay(Timeout.Infinite);
    }
}
