using System.Globalization;
using Tunnel.Agent;

namespace Tunnel.Cli.Output;

/// <summary>
/// One line for one request, for example <c>14:02:11  200  GET        1.2 kB      3 ms  /path</c>. The path comes last, so that the
/// columns stay aligned however long it is.
/// </summary>
internal static class RequestLine
{
    /// <summary>Visitors choose the method; longer ones than any that is registered are cut.</summary>
    private const int LongestMethod = 17;

    /// <summary>What is left for the path in a window that is hardly wider than the other columns.</summary>
    private const int LeastPath = 20;

    /// <param name="at">The time of day to print.</param>
    /// <param name="request">The request.</param>
    /// <param name="isOpen">Whether a WebSocket has just been opened, rather than the request ended.</param>
    /// <param name="palette">The colours of the output.</param>
    /// <param name="columns">The window's width, to which the path is cut; null for the whole path.</param>
    public static string Format(DateTimeOffset at, in TunnelRequest request, bool isOpen, Palette palette, int? columns)
    {
        var status = request.StatusCode == 0 ? "---" : request.StatusCode.ToString(CultureInfo.InvariantCulture);
        var method = Cut(PrintableText.Of(request.Method), LongestMethod);
        var size = isOpen ? string.Empty : Units.Size(request.ResponseBytes);
        var note = Note(request, isOpen);
        var time = at.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        var figures = $"{method,-7}  {size,8}  {Units.Time(request.Duration),8}";
        var path = PrintableText.Of(request.Path);
        if (columns is { } width)
        {
            var others = time.Length + 2 + status.Length + 2 + figures.Length + 2 + note.Length;
            path = Cut(path, Math.Max(width - others, LeastPath));
        }

        return $"{palette.Dim(time)}  {Paint(status, request, palette)}  {figures}  {path}{Paint(note, request, palette)}";
    }

    private static string Note(in TunnelRequest request, bool isOpen) => request switch
    {
        // Whoever leaves a WebSocket just goes; that is no failure of either side.
        { StatusCode: 101, Outcome: TunnelRequestOutcome.Completed or TunnelRequestOutcome.Aborted } => isOpen ? "  (opened)" : "  (closed)",
        { Outcome: TunnelRequestOutcome.Completed } => string.Empty,
        { Outcome: TunnelRequestOutcome.Aborted } => "  (the visitor left)",
        { Outcome: TunnelRequestOutcome.TargetUnreachable } => "  (the local server does not answer)",
        _ => "  (the local server broke off)",
    };

    private static string Paint(string text, in TunnelRequest request, Palette palette) => text.Length == 0 ? text : request switch
    {
        { Outcome: TunnelRequestOutcome.Failed or TunnelRequestOutcome.TargetUnreachable } or { StatusCode: >= 500 } => palette.Red(text),
        { StatusCode: 0 or >= 400 } => palette.Yellow(text),
        { StatusCode: >= 200 and < 300 } => palette.Green(text),
        _ => palette.Cyan(text),
    };

    private static string Cut(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 1), "…");
}
