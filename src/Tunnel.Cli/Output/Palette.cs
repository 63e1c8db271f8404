namespace Tunnel.Cli.Output;

/// <summary>Colours for one output, or none where nobody sees them.</summary>
internal readonly record struct Palette(bool Coloured)
{
    public string Strong(string text) => Paint("1", text);

    public string Link(string text) => Paint("1;36", text);

    public string Dim(string text) => Paint("2", text);

    public string Green(string text) => Paint("32", text);

    public string Cyan(string text) => Paint("36", text);

    public string Yellow(string text) => Paint("33", text);

    public string Red(string text) => Paint("31", text);

    private string Paint(string code, string text) => Coloured ? $"\e[{code}m{text}\e[0m" : text;
}
