using Tunnel.Relay.Errors;
using Tunnel.Relay.Registry;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>Hands a visitor's request head to the agent of a pool that has the least to do.</summary>
internal sealed class VisitorOpener(VisitorRequestHead requestHead)
{
    /// <exception cref="HeadTooLargeException">No link carries such a head.</exception>
    public OpenAttempt TryOpen(VisitorRequest request, TunnelPool pool)
    {
        var passedOver = request.RefusedBy;
        var worst = OpenOutcome.NotNow;
        while (pool.Choose(request.InPathMode, passedOver, request.Target.Service) is { } tunnel)
        {
            var outcome = TryOpen(request, tunnel, out var exchange);
            if (outcome == OpenOutcome.Opened)
            {
                return new OpenAttempt(outcome, tunnel, exchange);
            }

            if (worst is OpenOutcome.NotNow or OpenOutcome.Leaving)
            {
                worst = outcome;
            }

            passedOver = [.. passedOver ?? [], tunnel];
        }

        return new OpenAttempt(worst);
    }

    /// <summary>What the request takes while it waits: its head's size on the wire.</summary>
    /// <exception cref="HeadTooLargeException">No link carries such a head.</exception>
    public int Measure(VisitorRequest request)
    {
        using var head = HeadWriter.Rent();
        requestHead.Write(head, request, tunnel: 0);
        return head.Written.Length;
    }

    private OpenOutcome TryOpen(VisitorRequest request, LiveTunnel tunnel, out Exchange? exchange)
    {
        using var head = HeadWriter.Rent();
        requestHead.Write(head, request, tunnel.Index);

        // The visitor's 100-continue goes out when its body is first read here, so that waits for the app to read (RFC 9110 section 10.1.1).
        var flags = request.ExpectsContinue ? FrameFlags.NoCredit
            : request.HasBody || request.Upgrade.IsUpgrade ? FrameFlags.None
            : FrameFlags.End;
        return tunnel.Session.Wire.TryOpen(head.Written, flags, out exchange);
    }
}

/// <summary>What became of the wish to open an exchange for a request.</summary>
/// <param name="Outcome">Opened, or how it failed.</param>
/// <param name="Tunnel">Whose agent has it, if it was opened.</param>
/// <param name="Exchange">Set if it was opened; the caller disposes it.</param>
/// <param name="Error">What the visitor is told, where waiting is over.</param>
internal readonly record struct OpenAttempt(
    OpenOutcome Outcome, LiveTunnel? Tunnel = null, Exchange? Exchange = null, RelayError? Error = null)
{
    public static OpenAttempt Failed(RelayError error) => new(OpenOutcome.Leaving, Error: error);
}
