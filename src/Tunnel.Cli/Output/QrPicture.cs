using System.Text;
using QRCoder;

namespace Tunnel.Cli.Output;

/// <summary>
/// A QR code in half blocks, two modules to a character: the address for the phone. It brings its own black and white, 16 and 231 of the
/// 256 colours, because a theme's black and white may be anything, and a code that is dark on light is what every reader takes.
/// </summary>
internal sealed class QrPicture
{
    private const string BlackOnWhite = "\e[38;5;16;48;5;231m";
    private const string Reset = "\e[0m";

    private QrPicture(IReadOnlyList<string> lines) => Lines = lines;

    /// <summary>The lines of the picture, with the quiet zone of four modules on each side.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>Columns that the picture takes.</summary>
    public int Columns { get; private init; }

    /// <param name="text">At most some hundred characters.</param>
    /// <param name="coloured">Without colours the light modules are drawn and the dark ones left out, which is right on dark terminals.</param>
    public static QrPicture Of(string text, bool coloured)
    {
        // Nothing damages a screen, so the lowest level of correction does, and keeps the picture small.
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.L);
        var modules = code.ModuleMatrix; // holds the quiet zone
        var lines = new List<string>();
        for (var y = 0; y < modules.Count; y += 2)
        {
            var line = new StringBuilder();
            for (var x = 0; x < modules[y].Count; x++)
            {
                var upper = modules[y][x] == coloured;
                // The size is odd; below the last row is nothing but more of the quiet zone.
                var lower = (y + 1 < modules.Count && modules[y + 1][x]) == coloured;
                line.Append((upper, lower) switch { (true, true) => '█', (true, false) => '▀', (false, true) => '▄', _ => ' ' });
            }

            lines.Add(coloured ? $"{BlackOnWhite}{line}{Reset}" : line.ToString());
        }

        return new QrPicture(lines) { Columns = modules.Count };
    }
}
