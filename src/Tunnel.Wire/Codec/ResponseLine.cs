using System.Buffers;

namespace Tunnel.Wire.Codec;

/// <summary>What a response head says before its header lines.</summary>
/// <param name="StatusCode">100 to 999; 1xx other than 101 is informational and another head follows.</param>
/// <param name="ReasonPhrase">Empty for the standard phrase.</param>
internal readonly record struct ResponseLine(int StatusCode, string ReasonPhrase)
{
    private static readonly SearchValues<char> Controls =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Where(code => code != '\t').Select(code => (char)code), '\x7F']);

    public bool IsInformational => StatusCode is >= 100 and < 200 and not 101;

    /// <summary>Whether a text has nothing that would end a status line (RFC 9112 section 4). Servers that write the line do not look.</summary>
    public static bool IsPhrase(ReadOnlySpan<char> text) => !text.ContainsAny(Controls);

    /// <exception cref="InvalidOperationException">The reason phrase holds a control character.</exception>
    public void Write(HeadWriter head)
    {
        if (!IsPhrase(ReasonPhrase))
        {
            throw new InvalidOperationException("The reason phrase holds a control character (RFC 9112 section 4).");
        }

        head.Number((uint)StatusCode);
        head.Text(ReasonPhrase);
    }

    public static ResponseLine Read(ref HeadReader head)
    {
        var status = head.Number();
        var phrase = head.Text();
        return status is >= 100 and <= 999 && IsPhrase(phrase)
            ? new ResponseLine((int)status, phrase)
            : throw new WireFormatException("A response head has no valid status code, or a reason phrase with a control character.");
    }
}
