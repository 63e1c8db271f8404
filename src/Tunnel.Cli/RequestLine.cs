using System.Globalization;
using System.Text;
using Tunnel.Agent;

namespace Tunnel.Cli;

/// <summary>One line for one request, for example <c>GET /path 200 1.2 kB 3 ms</c>.</summary>
internal static class RequestLine
{
    public static string Format(TunnelRequest request)
    {
        var status = request.StatusCode == 0 ? "---" : request.StatusCode.ToString(CultureInfo.InvariantCulture);
        var line = $"{Printable(request.Method)} {Printable(request.Path)} {status} {Size(request.ResponseBytes)} {Time(request.Duration)}";
        return request.Outcome switch
        {
            TunnelRequestOutcome.Completed when request.StatusCode < 400 => line,
            TunnelRequestOutcome.Completed => Terminal.Yellow(line),
            TunnelRequestOutcome.Aborted => Terminal.Yellow(line + " (aborted)"),
            TunnelRequestOutcome.TargetUnreachable => Terminal.Red(line + " (the local server does not answer)"),
            _ => Terminal.Red(line + " (failed)"),
        };
    }

    private static string Size(long bytes) => bytes switch
    {
        < 1_000 => $"{bytes} B",
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.#} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.##} GB"),
    };

    private static string Time(TimeSpan duration) => duration.TotalSeconds < 10
        ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.0} s");

    /// <summary>Visitors choose the text; control characters in it would be commands to the terminal.</summary>
    private static string Printable(string text)
    {
        if (!text.Any(IsUnsafe))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            safe.Append(IsUnsafe(character) ? '?' : character);
        }

        return safe.ToString();
    }

    // Format characters turn the reading direction round, which can make one path look like another.
    private static bool IsUnsafe(char character) =>
        char.IsControl(character) || char.GetUnicodeCategory(character) == UnicodeCategory.Format;
}
