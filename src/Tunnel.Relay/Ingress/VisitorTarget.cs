namespace Tunnel.Relay.Ingress;

/// <summary>What a visitor's request is aimed at. Routing, gate, limits and audit all go by this one result.</summary>
/// <param name="Kind">Whether the request is the relay's business, and if so, whether it can be served.</param>
/// <param name="Target">The request target in origin form, byte for byte.</param>
/// <param name="SlugStart">Where the slug starts in <paramref name="Target"/> (path mode) or in the host (subdomain mode).</param>
/// <param name="SlugLength">The slug's length.</param>
/// <param name="PrefixLength">How much of <paramref name="Target"/> is the tunnel's prefix; 0 in subdomain mode.</param>
/// <param name="ServiceLength">How much of the prefix, at its end, names one of the tunnel's services; 0 for the default one.</param>
/// <param name="BoundSlug">The slug that the host is bound to; null where target or host hold it.</param>
internal readonly record struct VisitorTarget(
    VisitorTargetKind Kind, string Target, int SlugStart, int SlugLength, int PrefixLength, int ServiceLength = 0, string? BoundSlug = null)
{
    /// <summary>The service's name in lower case; empty for the default one.</summary>
    public string Service => Target.Substring(PrefixLength - ServiceLength, ServiceLength).ToLowerInvariant();

    /// <summary>The tunnel's prefix as the visitor wrote it, such as <c>/t/demo</c> or <c>/agents/demo/admin</c>; empty in subdomain mode.</summary>
    public string Prefix => Target[..PrefixLength];

    public ReadOnlySpan<char> Slug(string host) => BoundSlug is not null ? BoundSlug
        : (Kind == VisitorTargetKind.Subdomain ? host : Target).AsSpan(SlugStart, SlugLength);
}

/// <summary>Kinds of targets.</summary>
internal enum VisitorTargetKind
{
    /// <summary>Not a tunnel's; the app's own pipeline answers.</summary>
    NotOurs,

    /// <summary>A tunnel on the relay's own origin.</summary>
    Path,

    /// <summary>A tunnel on a name of its own.</summary>
    Subdomain,

    /// <summary>A tunnel's prefix without the slash behind it: relative links of a page there would miss the tunnel.</summary>
    PathWithoutSlash,

    /// <summary>A target that climbs out of the tunnel, or has no usable form.</summary>
    Invalid,
}
