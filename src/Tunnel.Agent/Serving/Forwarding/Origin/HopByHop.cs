namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>The headers of one message that concern its own connection only and are not passed on (RFC 9110 section 7.6.1).</summary>
internal readonly struct HopByHop
{
    private readonly HashSet<string>? _nominated;

    public HopByHop(List<HeaderLine> headers)
    {
        foreach (var header in headers)
        {
            if (!header.Is("Connection"))
            {
                continue;
            }

            foreach (var option in header.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                (_nominated ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(option);
            }
        }
    }

    /// <summary>Whether the message's <c>Connection</c> names this option.</summary>
    public bool Nominates(string option) => _nominated?.Contains(option) == true;

    public bool Contains(in HeaderLine header) =>
        Nominates(header.Name) || header.Is("Connection") || header.Is("Keep-Alive") || header.Is("Proxy-Connection")
        || header.Is("Transfer-Encoding") || header.Is("TE") || header.Is("Upgrade");
}
