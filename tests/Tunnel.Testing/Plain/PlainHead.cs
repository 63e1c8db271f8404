using System.Globalization;
using System.Text;

namespace Tunnel.Testing;

/// <summary>Header lines of a head. Names that the table has travel as its numbers, and come back as the table writes them.</summary>
internal static class PlainHeaders
{
    public static byte[] Encode(params IEnumerable<(string Name, string Value)> headers)
    {
        var writer = new PlainWriter();
        Write(writer, headers);
        return writer.ToArray();
    }

    public static IReadOnlyList<(string Name, string Value)> Decode(byte[] trailers) => Read(new PlainReader(trailers));

    public static void Write(PlainWriter writer, IEnumerable<(string Name, string Value)> headers)
    {
        foreach (var (name, value) in headers)
        {
            var number = 1 + VectorFile.Names.ToList().FindIndex(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
            writer.Byte(number);
            if (number == 0)
            {
                writer.Text(name);
            }

            writer.Octets(value);
        }
    }

    public static IReadOnlyList<(string Name, string Value)> Read(PlainReader reader)
    {
        var headers = new List<(string, string)>();
        while (reader.Left > 0)
        {
            var number = reader.Byte("a header's number");
            if (number > VectorFile.Names.Count)
            {
                throw new PlainFormatException($"a header has the number {number}, and the table ends at {VectorFile.Names.Count}");
            }

            headers.Add((number == 0 ? reader.Text("a header's name") : VectorFile.Names[number - 1], reader.Octets("a header's value")));
        }

        return headers;
    }

    public static string Describe(IEnumerable<(string Name, string Value)> headers) =>
        string.Concat(headers.Select(header => $" {header.Name.ToLowerInvariant()}={DescribeValue(header.Value)}"));

    private static string DescribeValue(string value) => value.All(octet => octet is >= ' ' and <= '~' and not '"')
        ? $"\"{value}\""
        : $"hex:{Convert.ToHexString(Encoding.Latin1.GetBytes(value))}";
}

/// <summary>The head that opens a stream.</summary>
internal sealed record PlainRequestHead : IPlain
{
    public const ulong UpgradeBit = 1;
    public const ulong BodyBit = 2;

    public ulong Bits { get; init; }

    public ulong Tunnel { get; init; }

    public string Service { get; init; } = "";

    public string Method { get; init; } = "GET";

    public string Target { get; init; } = "/";

    public ulong Prefix { get; init; }

    public string Protocol { get; init; } = "HTTP/1.1";

    public string Scheme { get; init; } = "http";

    public string Authority { get; init; } = "localhost";

    public string Address { get; init; } = "127.0.0.1";

    public ulong Port { get; init; } = 1234;

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public byte[] Encode()
    {
        var writer = new PlainWriter()
            .Varint(Bits).Varint(Tunnel).Text(Service).Text(Method).Text(Target).Varint(Prefix).Text(Protocol).Text(Scheme)
            .Text(Authority).Text(Address).Varint(Port);
        PlainHeaders.Write(writer, Headers);
        return writer.ToArray();
    }

    public static PlainRequestHead Decode(byte[] head)
    {
        var reader = new PlainReader(head);
        return new PlainRequestHead
        {
            Bits = reader.Varint("bits"),
            Tunnel = reader.Varint("tunnel"),
            Service = reader.Text("service"),
            Method = reader.Text("method"),
            Target = reader.Text("target"),
            Prefix = reader.Varint("prefix"),
            Protocol = reader.Text("protocol"),
            Scheme = reader.Text("scheme"),
            Authority = reader.Text("authority"),
            Address = reader.Text("address"),
            Port = reader.Varint("port"),
            Headers = PlainHeaders.Read(reader),
        };
    }

    public string Describe() =>
        $"request-head bits={Bits} tunnel={Tunnel} service=\"{Service}\" method=\"{Method}\" target=\"{Target}\" prefix={Prefix} "
        + $"protocol=\"{Protocol}\" scheme=\"{Scheme}\" authority=\"{Authority}\" address=\"{Address}\" port={Port}"
        + PlainHeaders.Describe(Headers);

    public override string ToString() => Describe();
}

/// <summary>The head of a response, final or informational.</summary>
internal sealed record PlainResponseHead : IPlain
{
    public ulong Status { get; init; } = 200;

    public string Reason { get; init; } = "";

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public byte[] Encode()
    {
        var writer = new PlainWriter().Varint(Status).Text(Reason);
        PlainHeaders.Write(writer, Headers);
        return writer.ToArray();
    }

    public static PlainResponseHead Decode(byte[] head)
    {
        var reader = new PlainReader(head);
        return new PlainResponseHead { Status = reader.Varint("status"), Reason = reader.Text("reason"), Headers = PlainHeaders.Read(reader) };
    }

    public string Describe() =>
        string.Create(CultureInfo.InvariantCulture, $"response-head status={Status} reason=\"{Reason}\"") + PlainHeaders.Describe(Headers);

    public override string ToString() => Describe();
}
