using Tunnel.Cli.Output;

namespace Tunnel.Cli.Tests.Output;

public sealed class QrPictureTests
{
    private static readonly TerminalTraits _terminal = new(true, true, true) { Window = static () => (80, 24) };

    [Fact]
    public void IsWhatAReaderReads()
    {
        // Rendered to an image, zbarimg reads it as "https://demo.tunnel.example.com/".
        string[] expected =
        [
            "                                 ",
            "                                 ",
            "    █▀▀▀▀▀█ ▄▀▀█▄ ██▄ █▀▀▀▀▀█    ",
            "    █ ███ █ ▀ ▄▄▀ █▀  █ ███ █    ",
            "    █ ▀▀▀ █ ██▄▀ ▄▀█▀ █ ▀▀▀ █    ",
            "    ▀▀▀▀▀▀▀ █▄▀ █ ▀ ▀ ▀▀▀▀▀▀▀    ",
            "    ▀█▄▀▄ ▀█ ▀▀ ▀▀ ▀█▄█▀▀ ▀▀▄    ",
            "    ▀█ ▀█▄▀▄███ ▄▄▄▄██▀▀█  ▀▀    ",
            "    ▀ ▀ ██▀█▀ █ █▀   ██▄ █▄▀█    ",
            "    ▀▄█ █▄▀▀▄ ▄██▄█▄█  ▀█ ▀▄▀    ",
            "    ▀▀▀▀ ▀▀ ██▀██   █▀▀▀██▀ ▄    ",
            "    █▀▀▀▀▀█ ▀ ▀▄▀ ▀▀█ ▀ ██▄█▀    ",
            "    █ ███ █ ▄█▄▀▄█▀▄█▀▀███▄██    ",
            "    █ ▀▀▀ █ ▄█  ▄█▀██▄▄▀▀▄▀ ▀    ",
            "    ▀▀▀▀▀▀▀ ▀▀ ▀▀▀  ▀▀ ▀   ▀▀    ",
            "                                 ",
            "                                 ",
        ];

        var picture = QrPicture.Of("https://demo.tunnel.example.com/", coloured: true);

        Assert.Equal(expected.Select(line => $"\e[38;5;16;48;5;231m{line}\e[0m"), picture.Lines);
    }

    [Fact]
    public void WithoutColoursTheLightModulesAreDrawn()
    {
        var swapped = new Dictionary<char, char> { ['█'] = ' ', [' '] = '█', ['▀'] = '▄', ['▄'] = '▀' };
        var dark = QrPicture.Of("https://demo.tunnel.example.com/", coloured: true).Lines
            .Select(line => line.Replace("\e[38;5;16;48;5;231m", null).Replace("\e[0m", null));

        Assert.Equal(
            dark.Select(line => string.Concat(line.Select(module => swapped[module]))),
            QrPicture.Of("https://demo.tunnel.example.com/", coloured: false).Lines);
    }

    [Theory]
    [InlineData("https://demo.tunnel.example.com/", null, true)]
    [InlineData("https://demo.tunnel.example.com/", false, false)]
    [InlineData("http://127.0.0.1:6100/t/demo/", null, false)]
    [InlineData("http://localhost:6100/t/demo/", null, false)]
    [InlineData("http://demo.localhost:6100/", null, false)]
    [InlineData("http://192.168.1.20:6100/t/demo/", null, true)]
    [InlineData("http://127.0.0.1:6100/t/demo/", true, true)]
    public void IsShownForAddressesThatAPhoneReaches(string url, bool? wanted, bool expected) =>
        Assert.Equal(expected, QrChoice.Picture(new Uri(url), wanted, _terminal) is not null);

    [Fact]
    public void IsNotShownWhereItWouldBeSpoilt()
    {
        var url = new Uri("https://demo.tunnel.example.com/");

        Assert.Null(QrChoice.Picture(url, null, TerminalTraits.Plain));
        Assert.Null(QrChoice.Picture(url, null, _terminal with { ColoursOutput = false }));
        Assert.Null(QrChoice.Picture(url, null, _terminal with { HasBlocks = false }));
        Assert.Null(QrChoice.Picture(url, null, _terminal with { Window = static () => (32, 50) }));
        Assert.Null(QrChoice.Picture(url, null, _terminal with { Window = static () => (200, 19) }));
        Assert.Null(QrChoice.Picture(url, null, _terminal with { Window = static () => null }));
    }
}
