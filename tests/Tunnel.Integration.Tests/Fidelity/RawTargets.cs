namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>What visitors can write behind a tunnel's prefix.</summary>
internal static class RawTargets
{
    /// <summary>Those that stay below the prefix, by hand.</summary>
    public static readonly string[] All =
    [
        // Plain, and empty segments.
        "/", "/a", "/a/", "/a/b", "//", "//a", "/a//b", "/a///b//", "///", "/A/b/C", "/t/demo/x", "/t/other",
        // Queries.
        "/?", "/a?", "/a??", "/a?b", "/a?b=", "/a?=b", "/a?b=c&b=d", "/a?b=%2F%3f%26", "/a?b=../..", "/a?b=c?d=e", "/a?%zz", "/a?+", "/a?&&", "/?/../..",
        "/a?b[]=%5B1%5D", "/a?q='\"<>`{}|\\^",
        // Encoded slashes, back slashes, percent signs, question marks and hashes.
        "/a%2Fb", "/a%2fb", "/%2F", "/a%2F..%2Fb", "/a%252Fb", "/a%25", "/a%3Fb", "/a%23b", "/a#b", "/#", "/a?b#c", "/a%5Cb", "/a\\b", "/a%5c..%5cb",
        // Dot segments that stay inside, encoded ones too.
        "/.", "/./", "/./a", "/a/.", "/a/./b", "/a/..", "/a/../", "/a/../b", "/a/b/../../c", "/a/b/..", "/a/%2e%2e/b", "/a/%2E%2E/", "/a/%2e", "/a/.%2e/b",
        "/a/%2e./b", "/%2e/a", "/...", "/.a", "/a.", "/..a", "/a..", "/a/.../b", "/a/..b/c", "/a/.b", "/a//../b", "/a/b//../c", "/a/.//b", "/a/b/./.././c",
        // Escapes, sensible or not.
        "/%41", "/%7Euser", "/~user", "/a%20b", "/a+b", "/%09", "/%7f", "/%C3%A9", "/%c3%a9", "/%E2%82%AC", "/%F0%9F%98%80", "/%C3", "/%FF", "/%C3%28", "/%ED%A0%80",
        "/%C0%AF", "/%C0%AE%C0%AE/a", "/%", "/%a", "/%zz", "/a%2", "/%u0041", "/%00", "/a%00b", "/%0d%0a", "/%e9%2Fx", "/a%2Fb%20%C3%A9/../c",
        // Delimiters that may stand bare.
        "/a;b=c", "/a:b", "/a@b", "/a=b", "/a,b", "/a!b$c&d'e(f)g*h", "/a\"b", "/a<b>", "/a|b", "/a^b`c{d}", "/a[0]",
        // Bytes that no server takes.
        "/\xC3\xA9", "/a?\xFF", "/a\0",
    ];

    /// <summary>Those that climb above where they start.</summary>
    public static readonly string[] Climbing =
    [
        "/..", "/../other/x", "/%2e%2e/other/x", "/%2E./other/x", "/.%2e/other/x", "/a/../../other/x", "/a/./%2e/../%2e%2E/other", "//../other/x",
        "/../../..", "/..?q",
    ];

    private static readonly string[] Segments =
    [
        "a", "b.c", "", ".", "..", "%2e%2e", "...", "%2F", "%5c", "%20", "%C3%A9", "%FF", "a%2Fb", "~", ";v=1", "@", "%25", "%", "A%41", "a:b", "%00", "x,y",
    ];

    private static readonly string[] Queries = ["", "?", "?a=1", "?a=1&a=2&b", "?a=%C3%A9&%20=+", "?/..//x?y", "?=&=&&", "?" + "%zz"];

    /// <summary>More that stay below, put together by a fixed rule, so that every run sends the same.</summary>
    public static IEnumerable<string> Generated(int count)
    {
        var random = new Random(7541);
        while (count > 0)
        {
            var segments = random.GetItems(Segments, random.Next(1, 6));
            if (!Climbs(segments))
            {
                count--;
                yield return "/" + string.Join('/', segments) + random.GetItems(Queries, 1)[0];
            }
        }
    }

    private static bool Climbs(string[] segments)
    {
        var depth = 0;
        return segments.Any(segment => (depth += segment is ".." or "%2e%2e" ? -1 : segment is "" or "." ? 0 : 1) < 0);
    }
}
