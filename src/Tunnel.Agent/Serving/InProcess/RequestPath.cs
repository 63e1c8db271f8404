using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Agent.Serving.InProcess;

/// <summary>
/// What a request target is to an application: the decoded path without dot segments, and the query, as Kestrel gives them (%2F stays
/// as it is), with the tunnel's prefix as the path base.
/// </summary>
internal readonly record struct RequestPath(string PathBase, string Path, string QueryString)
{
    public static RequestPath Parse(string target, int prefixLength)
    {
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var end = query < 0 ? target.Length : query;
        var queryString = query < 0 ? string.Empty : target[query..]; // an empty query keeps its question mark
        var pathBase = prefixLength == 0 ? string.Empty : Decode(target[..prefixLength]);
        var path = prefixLength == end ? string.Empty : Decode(target[prefixLength..end]);
        return new RequestPath(pathBase, path, queryString);
    }

    private static string Decode(string raw)
    {
        var path = raw.Contains('%', StringComparison.Ordinal) ? PathString.FromUriComponent(raw).Value! : raw;
        return path.Contains("/.", StringComparison.Ordinal) ? RemoveDotSegments(path) : path;
    }

    /// <summary>RFC 3986 section 5.2.4, after decoding, as Kestrel does it. The relay has refused targets that climb above a prefix.</summary>
    private static string RemoveDotSegments(string path)
    {
        var output = new StringBuilder(path.Length);
        for (var index = 0; index < path.Length;)
        {
            var next = path.IndexOf('/', index + 1);
            var segment = path.AsSpan(index, (next < 0 ? path.Length : next) - index);
            var last = next < 0;
            if (segment is "/.")
            {
                if (last)
                {
                    output.Append('/');
                }
            }
            else if (segment is "/..")
            {
                output.Length = Math.Max(0, output.ToString().LastIndexOf('/'));
                if (last)
                {
                    output.Append('/');
                }
            }
            else
            {
                output.Append(segment);
            }

            index = last ? path.Length : next;
        }

        return output.ToString();
    }
}
