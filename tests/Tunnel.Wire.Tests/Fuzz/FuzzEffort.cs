namespace Tunnel.Wire.Tests.Fuzz;

/// <summary>How much the randomised tests try: a twentieth by default, all of it with the environment variable TUNNEL_FUZZ set to "long".</summary>
internal static class FuzzEffort
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("TUNNEL_FUZZ") == "long";

    public static int Scripts => IsLong ? 100_000 : 5_000;

    public static int Inputs => IsLong ? 10_000_000 : 500_000;
}
