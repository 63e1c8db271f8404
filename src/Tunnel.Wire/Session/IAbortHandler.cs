using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Session;

/// <summary>Hears that an exchange was given up by the other side, or lost with its link.</summary>
internal interface IAbortHandler
{
    /// <summary>Called at most once for an exchange, on a thread-pool thread.</summary>
    void OnAborted(Exchange exchange, ErrorCode code);
}
