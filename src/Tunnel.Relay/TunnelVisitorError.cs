using Microsoft.AspNetCore.Http;
using Tunnel.Relay.Errors;

namespace Tunnel.Relay;

/// <summary>
/// What the relay is about to tell a visitor instead of an app's answer, for <see cref="TunnelRelayOptions.OnVisitorError"/>. The apps'
/// own errors are passed on unchanged and never come here.
/// </summary>
public sealed class TunnelVisitorError
{
    private readonly RelayError _error;

    internal TunnelVisitorError(HttpContext httpContext, RelayError error)
    {
        HttpContext = httpContext;
        _error = error;
    }

    /// <summary>
    /// The visitor's request, and the response with its status, <c>Cache-Control: no-store</c> and <c>Retry-After</c> already set. It ends with
    /// the request.
    /// </summary>
    public HttpContext HttpContext { get; }

    /// <summary>The status code, for example 502.</summary>
    public int StatusCode => _error.Status;

    /// <summary>A stable name for programs, for example <c>agent_away</c>. The project's <c>docs/errors.md</c> lists them all.</summary>
    public string Code => _error.Code;

    /// <summary>One English sentence for people. It is plain text: encode it before it goes into HTML.</summary>
    public string Title => _error.Title;

    /// <summary>How long the visitor is told to wait before it tries again, or <see langword="null"/> where that would not help.</summary>
    public TimeSpan? RetryAfter => _error.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
}
