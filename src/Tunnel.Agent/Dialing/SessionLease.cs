using Tunnel.Wire;
using Tunnel.Wire.Registration;

namespace Tunnel.Agent.Dialing;

/// <summary>
/// What the relay gave the agent with a session: its tunnels' URLs, and what it takes to come back to it. Changed only by the one who
/// resumes the session.
/// </summary>
internal sealed class SessionLease
{
    /// <summary>More than any relay keeps a session for, and far from where timers overflow.</summary>
    private const int MaxGraceSeconds = 24 * 60 * 60;

    /// <exception cref="WireFormatException">The relay's answer makes no sense.</exception>
    public SessionLease(RegisteredMessage registered)
    {
        Urls = [Parse(registered.Url), .. (registered.Tunnels ?? []).Select(static tunnel => Parse(tunnel.Url))];
        Session = registered.Session;
        ResumeToken = registered.ResumeToken;
        Epoch = registered.Epoch;
        TakesCompressedBodies = registered.Capabilities?.Contains(Capabilities.Compression) == true;
        Grace = TimeSpan.FromSeconds(Math.Clamp(registered.GraceSeconds, 0, MaxGraceSeconds));
    }

    /// <summary>One for each tunnel that was opened, in the order of the registration.</summary>
    public IReadOnlyList<Uri> Urls { get; }

    /// <summary>The session's id. Never logged.</summary>
    public string Session { get; }

    /// <summary>The last one that came. Never logged.</summary>
    public string ResumeToken { get; private set; }

    /// <summary>The number of the last link that the relay answered for.</summary>
    public int Epoch { get; private set; }

    public bool TakesCompressedBodies { get; }

    /// <summary>How long the relay keeps the session without a link.</summary>
    public TimeSpan Grace { get; }

    /// <summary>Whether the session outlives its link at all.</summary>
    public bool IsResumable => Grace > TimeSpan.Zero && Session.Length > 0 && ResumeToken.Length > 0;

    /// <summary>The relay has answered a resume. Until then the token and epoch before stay the right ones: the answer may be lost.</summary>
    public void Renew(ResumedMessage resumed)
    {
        ResumeToken = resumed.ResumeToken;
        Epoch = resumed.Epoch;
    }

    private static Uri Parse(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri)
        ? uri
        : throw new WireFormatException("The relay gave the tunnel a URL that is none.");
}
