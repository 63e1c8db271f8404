namespace Tunnel.Agent.Tests;

/// <summary>Jitter without chance.</summary>
internal sealed class FixedRandom(double value) : Random
{
    public override double NextDouble() => value;
}
