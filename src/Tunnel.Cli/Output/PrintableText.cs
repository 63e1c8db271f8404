using System.Globalization;
using System.Text;

namespace Tunnel.Cli.Output;

/// <summary>
/// Makes text that visitors or a relay have chosen safe to print: control characters in it would be commands to the terminal, and
/// characters that turn the reading direction round or take no room can make one text look like another.
/// </summary>
internal static class PrintableText
{
    public static string Of(string text)
    {
        if (text.All(static character => character is >= ' ' and <= '~'))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            safe.Append(IsPrintable(rune) ? rune.ToString() : "?");
        }

        return safe.ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control
        or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned);
}
