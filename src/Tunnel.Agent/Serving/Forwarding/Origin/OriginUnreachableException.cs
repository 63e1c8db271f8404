namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>No connection to the target could be made.</summary>
internal sealed class OriginUnreachableException(Exception reason, string? certificateProblem = null)
    : IOException("The target cannot be reached.", reason)
{
    /// <summary>Why the target's certificate is not taken, if that is the reason.</summary>
    public string? CertificateProblem { get; } = certificateProblem;
}
