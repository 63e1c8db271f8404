namespace Tunnel.Cli.Output;

/// <summary>Whether there is a QR code to show.</summary>
internal static class QrChoice
{
    /// <summary>Rows that the rest of the greeting takes: a code that scrolls out while it is printed serves nobody.</summary>
    private const int OtherRows = 3;

    /// <summary>Whether an address leads everybody to the machine that they are on; the names below localhost do as well (RFC 6761, section 6.3).</summary>
    public static bool IsThisMachine(Uri url) => url.IsLoopback || url.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the picture, or <see langword="null"/> for none.</summary>
    /// <param name="url">The address.</param>
    /// <param name="wanted">What the command line says; null for where it helps: on a terminal that has room for it, for an address that a phone can reach.</param>
    /// <param name="traits">The terminal.</param>
    public static QrPicture? Picture(Uri url, bool? wanted, TerminalTraits traits)
    {
        if (wanted == false)
        {
            return null;
        }

        // Without colours nothing says whether the terminal is dark or light, and half of them would show the code inverted.
        var window = traits is { ColoursOutput: true, HasBlocks: true } && !IsThisMachine(url) ? traits.Window() : null;
        if (wanted != true && window is null)
        {
            return null;
        }

        var picture = QrPicture.Of(url.AbsoluteUri, traits.ColoursOutput);
        return wanted == true || (picture.Columns <= window!.Value.Columns && picture.Lines.Count + OtherRows <= window.Value.Rows)
            ? picture
            : null;
    }
}
