using System.Globalization;

namespace Tunnel.BenchPeers;

/// <summary>Pairs of <c>--name value</c>.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = [];

    public Arguments(IEnumerable<string> arguments)
    {
        foreach (var pair in arguments.Chunk(2))
        {
            if (pair is not [['-', '-', .. var name], var value])
            {
                throw new ArgumentException($"'{string.Join(' ', pair)}' is not --name value.");
            }

            _values[name] = value;
        }
    }

    public string this[string name] =>
        _values.TryGetValue(name, out var value) ? value : throw new ArgumentException($"--{name} is missing.");

    public long Number(string name, long otherwise) =>
        _values.TryGetValue(name, out var value) ? long.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
