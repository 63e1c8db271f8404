using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Tunnel.Relay.Registry;
using Tunnel.Wire.Codec;

namespace Tunnel.Relay.Ingress;

/// <summary>
/// Maps raw request targets to tunnels. It looks at the bytes that the visitor sent and never at the decoded path: <c>/t/demo/../victim</c>
/// decodes to another tenant's path, so deciding on one form and routing on another would be a way around every gate.
/// </summary>
internal sealed class VisitorTargets
{
    private const string SlugParameter = "{slug}";
    private const string ServicePrefix = "/agents/"; // then the slug, then the service
    private readonly string? _prefix; // of path mode: "/t/"
    private readonly string? _domainSuffix; // of subdomain mode: ".tunnel.example.com"
    private readonly FrozenDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _hosts; // slugs by the host names bound to them
    private readonly bool _hasHosts;

    public VisitorTargets(IOptions<TunnelRelayOptions> options)
    {
        var template = options.Value.PathTemplate;
        _prefix = template.Length == 0 ? null : template[..^SlugParameter.Length];
        _domainSuffix = string.IsNullOrEmpty(options.Value.Domain) ? null : "." + options.Value.Domain;
        _hosts = options.Value.Hosts.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
        _hasHosts = options.Value.Hosts.Count > 0;
    }

    public VisitorTarget Map(HttpContext context)
    {
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        if (_hasHosts && _hosts.TryGetValue(NameOf(context.Request.Host.Value), out var slug))
        {
            return OnOwnName(request, slugLength: 0, slug);
        }

        if (_domainSuffix is not null && SubdomainLength(context.Request.Host.Value) is > 0 and var length)
        {
            return OnOwnName(request, length, boundSlug: null);
        }

        return _prefix is null ? default : MapPath(request, context.Request.PathBase);
    }

    /// <summary>On a name of its own there is nothing above the tunnel, so a target that climbs is the app's to answer.</summary>
    private static VisitorTarget OnOwnName(IHttpRequestFeature request, int slugLength, string? boundSlug) =>
        OriginForm(request) is { } target && RequestText.IsUnbroken(target)
            ? new VisitorTarget(VisitorTargetKind.Subdomain, target, 0, slugLength, 0, BoundSlug: boundSlug)
            : new VisitorTarget(VisitorTargetKind.Invalid, string.Empty, 0, 0, 0, BoundSlug: boundSlug);

    private VisitorTarget MapPath(IHttpRequestFeature request, PathString pathBase)
    {
        if (OriginForm(request) is not { } target)
        {
            return default;
        }

        // A path base that the app set stands in front of the prefix.
        var before = pathBase.HasValue ? pathBase.ToUriComponent() : string.Empty;
        return StartsWith(target, before, _prefix!) ? MapTunnel(target, before.Length + _prefix!.Length)
            : StartsWith(target, before, ServicePrefix) ? MapService(target, before.Length + ServicePrefix.Length)
            : default;
    }

    private static bool StartsWith(string target, string before, string prefix) =>
        target.StartsWith(before, StringComparison.Ordinal) && target.AsSpan(before.Length).StartsWith(prefix, StringComparison.Ordinal);

    private static VisitorTarget MapTunnel(string target, int start)
    {
        var end = EndOfSegment(target, start);
        return SlugRules.HasForm(target.AsSpan(start, end - start))
            ? new VisitorTarget(PathKind(target, end), target, start, end - start, end)
            : default;
    }

    private static VisitorTarget MapService(string target, int start)
    {
        var end = EndOfSegment(target, start);
        if (end == target.Length || target[end] == '?' || !SlugRules.HasForm(target.AsSpan(start, end - start)))
        {
            return default;
        }

        var service = end + 1;
        var endOfService = EndOfSegment(target, service);
        return endOfService > service
            ? new VisitorTarget(PathKind(target, endOfService), target, start, end - start, endOfService, endOfService - service)
            : default;
    }

    private static int EndOfSegment(string target, int start) =>
        target.AsSpan(start).IndexOfAny('/', '?') is >= 0 and var length ? start + length : target.Length;

    private static VisitorTargetKind PathKind(string target, int end) =>
        !RequestText.IsUnbroken(target) ? VisitorTargetKind.Invalid // Kestrel lets such ones pass
        : end == target.Length || target[end] == '?' ? VisitorTargetKind.PathWithoutSlash
        : Climbs(target, end) ? VisitorTargetKind.Invalid
        : VisitorTargetKind.Path;

    /// <summary>The length of the slug in front of the domain, or 0 for a host that is no tunnel's.</summary>
    private int SubdomainLength(string? host)
    {
        var name = NameOf(host);
        var length = name.Length - _domainSuffix!.Length;
        return length > 0 && name.EndsWith(_domainSuffix, StringComparison.OrdinalIgnoreCase) && !name[..length].Contains('.') ? length : 0;
    }

    /// <summary>A host without its port, and without the dot that ends an absolute name.</summary>
    private static ReadOnlySpan<char> NameOf(string? host)
    {
        var name = host.AsSpan();
        if (name.LastIndexOf(':') is > 0 and var colon)
        {
            name = name[..colon];
        }

        return name.TrimEnd('.');
    }

    /// <summary>The target as <c>/path?query</c>; absolute-form is reduced (RFC 9112 section 3.2.2), other forms give <see langword="null"/>.</summary>
    private static string? OriginForm(IHttpRequestFeature request)
    {
        var raw = request.RawTarget;
        if (string.IsNullOrEmpty(raw))
        {
            // An in-memory test server leaves it empty.
            raw = new PathString(request.PathBase + request.Path).ToUriComponent() + request.QueryString;
        }

        if (raw.StartsWith('/'))
        {
            return raw;
        }

        var scheme = raw.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0)
        {
            return null;
        }

        var afterScheme = raw.AsSpan(scheme + 3);
        var path = afterScheme.IndexOfAny('/', '?');
        return path < 0 ? "/"
            : afterScheme[path] == '/' ? afterScheme[path..].ToString()
            : $"/{afterScheme[path..]}";
    }

    /// <summary>Whether dot segments (RFC 3986 section 5.2.4), percent-encoded ones included, lead above where the path starts.</summary>
    private static bool Climbs(string target, int start)
    {
        var path = target.AsSpan(start);
        if (path.IndexOf('?') is >= 0 and var query)
        {
            path = path[..query];
        }

        var depth = 0;
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            if (IsDots(segment, 2))
            {
                if (--depth < 0)
                {
                    return true;
                }
            }
            else if (!segment.IsEmpty && !IsDots(segment, 1))
            {
                // An empty segment counts for nothing: a server that merges slashes must not be led further up than one that does not.
                depth++;
            }
        }

        return false;
    }

    private static bool IsDots(ReadOnlySpan<char> segment, int count)
    {
        while (count-- > 0)
        {
            if (segment.StartsWith('.'))
            {
                segment = segment[1..];
            }
            else if (segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase))
            {
                segment = segment[3..];
            }
            else
            {
                return false;
            }
        }

        return segment.IsEmpty;
    }
}
