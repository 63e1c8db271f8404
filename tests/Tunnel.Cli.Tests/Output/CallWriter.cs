using System.Text;

namespace Tunnel.Cli.Tests.Output;

/// <summary>Keeps what each call was given.</summary>
internal class CallWriter(List<string>? calls = null) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public List<string> Calls { get; } = calls ?? [];

    public override void WriteLine(string? value) => Calls.Add(value!);
}
