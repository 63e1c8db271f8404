using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Tunnel.Agent.Serving;
using Tunnel.Agent.Serving.Forwarding;
using Tunnel.Agent.Serving.Forwarding.Origin;
using Tunnel.Wire.Telemetry;

namespace Tunnel.Agent.Diagnostics;

/// <summary>
/// The activities of exchanges that are forwarded. One that the app's own pipeline serves has the activity of the app's hosting, as any
/// request on its own server.
/// </summary>
internal sealed class AgentTraces : IDisposable
{
    public const string SourceName = "Tunnel.Agent";

    /// <summary>The operation name of the server's activity: the exchange, as the relay sees it.</summary>
    public const string ExchangeName = "Tunnel.Agent.Exchange";

    /// <summary>The operation name of the client's activity within: the request to the target.</summary>
    public const string ForwardName = "Tunnel.Agent.Forward";

    private readonly ActivitySource _source = new(SourceName);

    /// <summary>
    /// Begins both activities, and lets the target see the second one in place of the trace that the request came with. Null where nobody
    /// takes them: then the request stays as it is.
    /// </summary>
    public ForwardTrace? Begin(OriginRequest request, ForwardTarget target, bool overHttp2)
    {
        if (!_source.HasListeners())
        {
            return null;
        }

        var line = request.Line;
        var exchange = RemoteTrace.Continue(
            _source,
            ExchangeName,
            ActivityKind.Server,
            new TagList
            {
                { HttpTags.Method, HttpTags.Known(line.Method) },
                { HttpTags.Scheme, line.Scheme },
                { HttpTags.ServerAddress, line.Authority },
                { HttpTags.Path, PathOf(line.Target) },
                { HttpTags.ProtocolVersion, HttpTags.VersionOf(line.Protocol) },
            },
            request,
            static (object? carrier, string name, out string? value, out IEnumerable<string>? values) =>
            {
                value = ((OriginRequest)carrier!).Value(name);
                values = null;
            });
        if (exchange is null)
        {
            return null;
        }

        HttpTags.SetMethod(exchange, line.Method);
        var forward = StartForward(request, target, overHttp2);
        request.Replace(new TraceFields(forward ?? exchange));
        return new ForwardTrace(exchange, forward);
    }

    public void Dispose() => _source.Dispose();

    /// <summary>A child of the exchange's activity, which is the current one.</summary>
    private Activity? StartForward(OriginRequest request, ForwardTarget target, bool overHttp2)
    {
        var isSocket = target.EndPoint is UnixDomainSocketEndPoint;
        var tags = new TagList
        {
            { HttpTags.Method, HttpTags.Known(request.Line.Method) },
            { HttpTags.ServerAddress, isSocket ? target.Uri.AbsolutePath : target.Host },
            { HttpTags.FullUrl, $"{(target.IsTls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp)}://{target.Authority}{HttpTags.WithoutQuery(request.Target)}" },
            { HttpTags.ProtocolVersion, overHttp2 ? "2" : "1.1" },
        };
        if (!isSocket)
        {
            tags.Add(HttpTags.ServerPort, PortOf(target));
        }

        var forward = _source.StartActivity(ForwardName, ActivityKind.Client, default(ActivityContext), tags);
        if (forward is not null)
        {
            HttpTags.SetMethod(forward, request.Line.Method);
        }

        return forward;
    }

    private static int PortOf(ForwardTarget target) => target.EndPoint switch
    {
        IPEndPoint end => end.Port,
        DnsEndPoint end => end.Port,
        _ => 0,
    };

    private static string PathOf(string target) =>
        target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var query ? target[..query] : target;
}
