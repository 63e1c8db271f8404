using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tunnel.Testing;

/// <summary>A line of PROTOCOL.md's vectors.</summary>
/// <param name="Bytes">What is left of the equals sign.</param>
/// <param name="Meaning">What is right of it.</param>
internal sealed partial record PlainVector(byte[] Bytes, string Meaning)
{
    /// <summary>frame, control, message, request-head or response-head.</summary>
    public string Kind => Meaning.Split(' ')[0];

    /// <summary>What the bytes say, read by the plain implementation.</summary>
    public IPlain Decode() => Kind switch
    {
        "frame" => PlainFrame.Decode(Bytes),
        "control" or "message" => PlainMessage.Decode(Bytes),
        "request-head" => PlainRequestHead.Decode(Bytes),
        "response-head" => PlainResponseHead.Decode(Bytes),
        var kind => throw new FormatException($"PROTOCOL.md has a vector of the unknown kind '{kind}': {Meaning}"),
    };

    /// <summary>What the words say.</summary>
    public IPlain Parse()
    {
        var words = Words().Matches(Meaning[Kind.Length..])
            .Select(match => (Name: match.Groups[1].Value, Value: match.Groups[2].Success ? match.Groups[2].Value.Trim('"') : null)).ToList();
        string Text(string name) => words.Find(word => word.Name == name).Value ?? throw new FormatException($"'{name}' is missing: {Meaning}");
        ulong Number(string name) => ulong.Parse(Text(name), CultureInfo.InvariantCulture);
        IReadOnlyList<(string, string)> After(string last) => [.. words.SkipWhile(word => word.Name != last).Skip(1).Select(word => (word.Name, Encoding.Latin1.GetString(Payload(word.Value!))))];

        switch (Kind)
        {
            case "frame":
                var names = Meaning.Split(' ')[1].Split('+');
                var type = Enum.Parse<PlainFrameType>(names[0], ignoreCase: true);
                var flags = names.Skip(1).Sum(flag => flag switch
                {
                    "end" => PlainFrame.End,
                    "trailers" => PlainFrame.Trailers,
                    "no-credit" => PlainFrame.NoCredit,
                    _ => throw new FormatException($"'{flag}' is no flag: {Meaning}"),
                });
                return new PlainFrame(type, (byte)flags, (uint)Number("stream"),
                    type is PlainFrameType.Reset or PlainFrameType.Stop ? [(byte)Number("code")] : Payload(Text("payload")));
            case "message":
                return new PlainMessage.Data((long)Number("offset"), Text("ack-wanted") == "yes", Convert.FromHexString(Text("bytes")));
            case "control":
                return new PlainMessage.Control([.. Records(words)]);
            case "request-head":
                return new PlainRequestHead
                {
                    Bits = Number("bits"), Tunnel = Number("tunnel"), Service = Text("service"), Method = Text("method"), Target = Text("target"),
                    Prefix = Number("prefix"), Protocol = Text("protocol"), Scheme = Text("scheme"), Authority = Text("authority"),
                    Address = Text("address"), Port = Number("port"), Headers = After("port"),
                };
            case "response-head":
                return new PlainResponseHead { Status = Number("status"), Reason = Text("reason"), Headers = After("reason") };
            default:
                throw new FormatException($"PROTOCOL.md has a vector of an unknown kind: {Meaning}");
        }
    }

    public override string ToString() => Meaning;

    private static byte[] Payload(string text) =>
        text.StartsWith("hex:", StringComparison.Ordinal) ? Convert.FromHexString(text[4..]) : Encoding.ASCII.GetBytes(text);

    private static IEnumerable<PlainRecord> Records(List<(string Name, string? Value)> words)
    {
        // A word without a value begins a record, those with one are its fields in the order of the table.
        for (var index = 0; index < words.Count;)
        {
            var name = words[index++].Name;
            var fields = words.Skip(index).TakeWhile(word => word.Value is not null).Select(word => ulong.Parse(word.Value!, CultureInfo.InvariantCulture)).ToArray();
            index += fields.Length;
            yield return (name, fields) switch
            {
                ("ping", [var nonce]) => new PlainRecord.Ping(nonce),
                ("pong", [var nonce]) => new PlainRecord.Pong(nonce),
                ("ack", [var offset]) => new PlainRecord.Ack(offset),
                ("credit", [var stream, var limit]) => new PlainRecord.Credit(stream, limit),
                ("go-away", [var last, var code]) => new PlainRecord.GoAway(last, code),
                ("close", [var code]) => new PlainRecord.Close(code),
                _ => throw new FormatException($"'{name}' with {fields.Length} fields is no control record"),
            };
        }
    }

    [GeneratedRegex("""([^\s=+]+)(?:=("[^"]*"|\S+))?""")]
    private static partial Regex Words();
}

/// <summary>PROTOCOL.md's examples and its table of header names, from the copy that was embedded when the tests were built.</summary>
internal static class VectorFile
{
    private static readonly string Text = Load();

    public static IReadOnlyList<PlainVector> Vectors { get; } =
    [
        .. Block("vectors").Select(line => line.Split(" = ", 2)).Select(sides => new PlainVector(Convert.FromHexString(sides[0].Replace(" ", "")), sides[1])),
    ];

    /// <summary>First messages on the first link that an agent refuses: the bytes, and <c>link</c> or <c>session</c> with the reason.</summary>
    public static IReadOnlyList<PlainVector> Refused { get; } =
    [
        .. Block("refused").Select(line => line.Split(" = ", 2)).Select(sides => new PlainVector(Convert.FromHexString(sides[0].Replace(" ", "")), sides[1])),
    ];

    /// <summary>What stands for messages on an upgraded connection.</summary>
    public static IReadOnlyList<string> Upgraded { get; } = [.. Block("upgraded")];

    /// <summary>What is signed in a registration and a resume, by name.</summary>
    public static IReadOnlyDictionary<string, string> Identity { get; } =
        Block("identity").Select(line => line.Split(" = ", 2)).ToDictionary(sides => sides[0].Split(' ')[0], sides => sides[1]);

    /// <summary>The header names in the order of their numbers; the first is number 1.</summary>
    public static IReadOnlyList<string> Names { get; } = ReadNames();

    private static List<string> ReadNames()
    {
        var words = Block("names").SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var names = new List<string>();
        foreach (var pair in words.Chunk(2))
        {
            if (pair is not [var number, var name] || int.Parse(number, CultureInfo.InvariantCulture) != names.Count + 1)
            {
                throw new FormatException($"The names of PROTOCOL.md are not numbered one after the other at '{string.Join(' ', pair)}'.");
            }

            names.Add(name);
        }

        return names;
    }

    private static string[] Block(string name)
    {
        const string Fence = "```";
        var start = Text.IndexOf($"\n{Fence}{name}\n", StringComparison.Ordinal);
        var body = start < 0 ? throw new FormatException($"PROTOCOL.md has no block '{name}'.") : Text[(start + name.Length + Fence.Length + 2)..];
        return body[..body.IndexOf($"\n{Fence}", StringComparison.Ordinal)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Load()
    {
        using var stream = typeof(VectorFile).Assembly.GetManifestResourceStream("PROTOCOL.md")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
