using System.Diagnostics;
using System.Globalization;

namespace Tunnel.Wire.Telemetry;

/// <summary>Names and values of OpenTelemetry's semantic conventions for HTTP, made so that setting one allocates nothing.</summary>
internal static class HttpTags
{
    public const string Method = "http.request.method";
    public const string OriginalMethod = "http.request.method_original";
    public const string StatusCode = "http.response.status_code";
    public const string ResendCount = "http.request.resend_count";
    public const string ErrorType = "error.type";
    public const string Direction = "network.io.direction";
    public const string ProtocolVersion = "network.protocol.version";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";
    public const string FullUrl = "url.full";
    public const string Path = "url.path";
    public const string Scheme = "url.scheme";

    private const string OtherMethod = "_OTHER";

    /// <summary>OpenTelemetry's advice for <c>http.server.request.duration</c>, in seconds, and three more for streams.</summary>
    public static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 60, 600, 3600];

    private static readonly object[] StatusCodes = [.. Enumerable.Range(0, 600).Select(static code => (object)code)];

    /// <summary>A status code as a tag's value.</summary>
    public static object Status(int code) => (uint)code < (uint)StatusCodes.Length ? StatusCodes[code] : code;

    /// <summary>A method of few: whatever else visitors write must not make a time series each.</summary>
    public static string Known(string method) => method switch
    {
        "GET" or "HEAD" or "POST" or "PUT" or "DELETE" or "CONNECT" or "OPTIONS" or "TRACE" or "PATCH" or "QUERY" => method,
        _ => OtherMethod,
    };

    /// <summary>Sets the method, and the activity's name after it.</summary>
    public static void SetMethod(Activity activity, string method)
    {
        var known = Known(method);
        activity.DisplayName = ReferenceEquals(known, OtherMethod) ? "HTTP" : known;
        if (ReferenceEquals(known, OtherMethod))
        {
            activity.SetTag(OriginalMethod, method);
        }
    }

    /// <summary>The version of a protocol such as <c>HTTP/1.1</c>.</summary>
    public static string VersionOf(string protocol) => protocol switch
    {
        "HTTP/1.1" => "1.1",
        "HTTP/2" or "HTTP/2.0" => "2",
        "HTTP/3" or "HTTP/3.0" => "3",
        _ => protocol.StartsWith("HTTP/", StringComparison.Ordinal) ? protocol[5..] : protocol,
    };

    /// <summary>A target without its query, which may hold secrets; that there was one is shown, as the framework's own client does.</summary>
    public static string WithoutQuery(string target) =>
        target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var query ? $"{target.AsSpan(0, query)}?*" : target;

    /// <summary>Sets how it ended. A client's activity counts 4xx as errors, a server's only 5xx.</summary>
    /// <param name="activity">The activity.</param>
    /// <param name="status">The answer's status code, or 0 if there was none.</param>
    /// <param name="error">What went wrong besides, if anything.</param>
    public static void SetOutcome(Activity activity, int status, string? error)
    {
        if (status != 0)
        {
            activity.SetTag(StatusCode, Status(status));
        }

        if (error is null && status >= (activity.Kind == ActivityKind.Client ? 400 : 500))
        {
            error = status.ToString(CultureInfo.InvariantCulture);
        }

        if (error is not null)
        {
            activity.SetTag(ErrorType, error);
            activity.SetStatus(ActivityStatusCode.Error);
        }
    }
}
