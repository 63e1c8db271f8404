namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>How a visitor reaches an app: through a tunnel, or directly.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Url">The server that takes the connection.</param>
/// <param name="Host">What the visitor writes as <c>Host</c>.</param>
/// <param name="Prefix">What stands in front of the app's own targets, such as <c>/t/demo</c>; empty for nothing.</param>
/// <param name="Direct">The way to the same app without a tunnel, which is what this one must not be told apart from; null for a direct way.</param>
internal sealed record Way(string Name, Uri Url, string Host, string Prefix, Way? Direct)
{
    /// <summary>The address for HTTP clients, with a slash behind the prefix. On a subdomain the client sets <see cref="Host"/> itself.</summary>
    public Uri Address => new(Url, Prefix + "/");

    /// <summary>A request's head, and the empty line behind it.</summary>
    /// <param name="target">With a slash in front; the prefix comes before it.</param>
    public string Head(string method, string target, params string[] headers) =>
        $"{method} {Prefix}{target} HTTP/1.1\r\nHost: {Host}\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n";

    public override string ToString() => Name;
}
