using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tunnel.Relay.Hosting;
using Tunnel.Relay.Ingress;
using Tunnel.Wire.Telemetry;

namespace Tunnel.Relay.Diagnostics;

/// <summary>
/// Tells those who listen about visitors' exchanges: an activity for traces, measurements, a line of the log. Where nobody listens it
/// looks at no request and changes none.
/// </summary>
internal sealed partial class VisitorWatcher(RelayMetrics metrics, TimeProvider time, ILogger<VisitorWatcher> logger) : IDisposable
{
    public const string SourceName = "Tunnel.Relay";

    /// <summary>The operation name of an exchange's activity.</summary>
    public const string ExchangeName = "Tunnel.Relay.Exchange";

    private readonly ActivitySource _source = new(SourceName);

    /// <summary>Begins to watch an exchange; the caller disposes what it gets when the exchange has ended.</summary>
    public VisitorWatch Begin(VisitorRequest request, string slug)
    {
        var activity = _source.HasListeners() ? Start(request, slug) : null;
        return activity is not null || metrics.MeasuresExchanges || logger.IsEnabled(LogLevel.Debug)
            ? new VisitorWatch(this, request, slug, activity, time.GetTimestamp())
            : default;
    }

    public void Dispose() => _source.Dispose();

    internal void End(VisitorRequest request, string slug, Activity? activity, long started)
    {
        var status = StatusOf(request);
        var error = request.ErrorType;
        var method = request.Context.Request.Method;
        var taken = time.GetElapsedTime(started);
        var (sent, received) = request.Exchange?.Carried ?? default;
        metrics.ExchangeEnded(taken, method, status, error, sent, received);
        if (logger.IsEnabled(LogLevel.Debug))
        {
            LogEnded(HttpTags.Known(method), slug, status, error, sent, received, taken.TotalMilliseconds);
        }

        if (activity is { IsAllDataRequested: true })
        {
            if (request.Sends > 1)
            {
                activity.SetTag(HttpTags.ResendCount, request.Sends - 1);
            }

            HttpTags.SetOutcome(activity, status, error);
        }

        activity?.Dispose();
    }

    /// <summary>The app's, or the relay's own where there was none; 0 when the visitor left before there was any.</summary>
    private static int StatusOf(VisitorRequest request) =>
        request.Status != 0 ? request.Status
        : request.HasVisitorLeft ? 0
        : request.Context.Response.StatusCode;

    private Activity? Start(VisitorRequest request, string slug)
    {
        var http = request.Context.Request;
        var tags = new TagList
        {
            { HttpTags.Method, HttpTags.Known(http.Method) },
            { HttpTags.ServerAddress, http.Host.Host },
            { HttpTags.ServerPort, http.Host.Port ?? (http.IsHttps ? 443 : 80) },
            { HttpTags.FullUrl, $"{http.Scheme}://{http.Host.Value}{HttpTags.WithoutQuery(request.Target.Target)}" },
            { HttpTags.ProtocolVersion, HttpTags.VersionOf(http.Protocol) },
            { "tunnel.slug", slug },
        };
        if (request.Target.Service.Length > 0)
        {
            tags.Add("tunnel.service", request.Target.Service);
        }

        // Without an activity of hosting's own the request's headers say what it belongs to.
        var activity = Activity.Current is null
            ? RemoteTrace.Continue(_source, ExchangeName, ActivityKind.Client, tags, http.Headers, static (object? headers, string name, out string? value, out IEnumerable<string>? values) =>
            {
                value = ((IHeaderDictionary)headers!)[name];
                values = null;
            })
            : _source.StartActivity(ExchangeName, ActivityKind.Client, default(ActivityContext), tags);
        if (activity is not null)
        {
            HttpTags.SetMethod(activity, http.Method);
            request.Trace = new TraceFields(activity);
        }

        return activity;
    }

    [LoggerMessage(206, LogLevel.Debug,
        "{Method} to tunnel {Slug}: {Status} {Error}, {RequestBytes} bytes in and {ResponseBytes} bytes out in {Milliseconds:0.0} ms.",
        EventName = "ExchangeEnded", SkipEnabledCheck = true)]
    private partial void LogEnded(
        string method, string slug, int status, string? error, long requestBytes, long responseBytes, double milliseconds);
}
