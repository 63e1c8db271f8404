using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Relay.Errors;
using Tunnel.Relay.Registry;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;
using Tunnel.Wire.Telemetry;

namespace Tunnel.Relay.Ingress;

/// <summary>A visitor's request on its way to an agent, and what decides whether it may go to another one.</summary>
internal sealed class VisitorRequest : ResponseWait
{
    public const string VisitorLeft = "visitor_left";

    public VisitorRequest(HttpContext context, in VisitorTarget target)
    {
        Context = context;
        Target = target;
        Upgrade = VisitorUpgrade.Of(context);
        HasBody = !Upgrade.IsUpgrade && (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true);
    }

    public HttpContext Context { get; }

    /// <summary>The attempt that it is on its way with.</summary>
    public Exchange? Exchange { get; set; }

    public override long Moved => Exchange!.Moved;

    public VisitorTarget Target { get; }

    public VisitorUpgrade Upgrade { get; }

    public bool HasBody { get; }

    /// <summary>Whether the visitor waits for a 100 before it sends the body (RFC 9110 section 10.1.1).</summary>
    public bool ExpectsContinue => HasBody && Context.Request.Headers.Expect.Count > 0
        && Context.Request.Headers.Expect.ToString().Contains("100-continue", StringComparison.OrdinalIgnoreCase);

    public bool InPathMode => Target.Kind != VisitorTargetKind.Subdomain;

    /// <summary>Whether an agent has answered, be it with an informational head.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Whether the response's body comes compressed.</summary>
    public bool IsAnswerCompressed { get; set; }

    /// <summary>Whether an agent was sent a byte of the visitor's body.</summary>
    public bool IsBodyTaken { get; set; }

    /// <summary>Whether a part of the visitor's body cannot be read again.</summary>
    public bool IsBodyGone { get; set; }

    /// <summary>The status for a body that is none, when the server has found that out.</summary>
    public int? BodyFault { get; set; }

    /// <summary>The trace that it goes on with; null where the hub does not trace, and the visitor's own headers pass.</summary>
    public TraceFields? Trace { get; set; }

    /// <summary>The status code of the app's final answer, or 0.</summary>
    public int Status { get; set; }

    /// <summary>What the visitor got in place of the answer, or of its rest.</summary>
    public RelayError? Failure { get; set; }

    /// <summary>Whether the visitor left before the end.</summary>
    public bool HasVisitorLeft { get; set; }

    /// <summary>How often it was sent to an agent.</summary>
    public int Sends { get; set; }

    /// <summary>The relay's error code; or that the visitor did not wait for the answer. Leaving within one is how event streams end.</summary>
    public string? ErrorType => Failure?.Code ?? (HasVisitorLeft && Status == 0 ? VisitorLeft : null);

    /// <summary>Tunnels whose agent has refused it.</summary>
    public List<LiveTunnel>? RefusedBy { get; private set; }

    /// <summary>Whether an agent may have run it and another may run it again: its method is safe or idempotent (RFC 9110 section 9.2).</summary>
    public bool IsRepeatable => Upgrade.IsUpgrade
        || HttpMethods.IsGet(Context.Request.Method) || HttpMethods.IsHead(Context.Request.Method)
        || HttpMethods.IsOptions(Context.Request.Method) || HttpMethods.IsTrace(Context.Request.Method)
        || HttpMethods.IsPut(Context.Request.Method) || HttpMethods.IsDelete(Context.Request.Method);

    public override void GiveUp() => Exchange!.Abort(ErrorCode.Cancelled);

    public void Refused(LiveTunnel by) => (RefusedBy ??= []).Add(by);
}
