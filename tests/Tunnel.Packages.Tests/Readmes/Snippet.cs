using System.Text.RegularExpressions;

namespace Tunnel.Packages.Tests.Readmes;

/// <summary>Part of a program, made into a file that compiles: with <c>args</c>, and with the <c>builder</c> and the <c>app</c> that it does not make itself. One that makes the builder is a program, and says itself what it uses.</summary>
internal static partial class Snippet
{
    public static string ToFile(string text, string place, int line, int number)
    {
        var lines = text.Trim('\n').Split('\n');
        var usings = lines.Where(one => Using().IsMatch(one));

        // Lines stay where they are, so that an error is told at its place in the document.
        var body = lines.Select(one => Using().IsMatch(one) ? "" : one);
        string[] parameters =
        [
            "string[] args",
            .. text.Contains("var builder =", StringComparison.Ordinal) ? [] : new[] { "WebApplicationBuilder builder" },
            .. text.Contains("var app =", StringComparison.Ordinal) ? [] : new[] { "WebApplication app" },
        ];
        string[] packages = text.Contains("var builder =", StringComparison.Ordinal) ? [] : ["using Tunnel.Agent;", "using Tunnel.Relay;"];
        return $$"""
            {{string.Join('\n', packages)}}
            {{string.Join('\n', usings)}}
            namespace Snippets;

            internal static class Snippet{{number}}
            {
                public static async Task RunAsync({{string.Join(", ", parameters)}})
                {
            #line {{line}} "{{place}}"
            {{string.Join('\n', body)}}
                }
            }
            """;
    }

    [GeneratedRegex(@"^using [\w.]+;")]
    private static partial Regex Using();
}
