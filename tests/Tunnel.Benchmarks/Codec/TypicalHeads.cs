using Tunnel.Wire.Codec;

namespace Tunnel.Benchmarks.Codec;

/// <summary>What a browser asks, and what an app answers.</summary>
internal static class TypicalHeads
{
    private static readonly RequestLine Request = new(
        "GET", "/t/bench/products?page=2", "/t/bench".Length, "HTTP/1.1", "https", "tunnel.example.com", "203.0.113.7", 52_100, IsUpgrade: false, HasBody: false);

    private static readonly (string Name, string Value)[] RequestHeaders =
    [
        ("Host", "tunnel.example.com"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Accept-Language", "en-GB,en;q=0.9"),
        ("Cache-Control", "no-cache"),
        ("Cookie", "session=5f0c9a1be2774d0e"),
        ("Referer", "https://tunnel.example.com/t/bench/"),
        ("X-Requested-With", "fetch"),
    ];

    private static readonly (string Name, string Value)[] ResponseHeaders =
    [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "13"),
        ("Date", "Sat, 21 Nov 2026 12:00:00 GMT"),
        ("Server", "Kestrel"),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept-Encoding"),
    ];

    public static byte[] EncodedRequest => Encode(WriteRequest);

    public static byte[] EncodedResponse => Encode(WriteResponse);

    public static void WriteRequest(HeadWriter head)
    {
        Request.Write(head);
        Write(head, RequestHeaders);
    }

    public static void WriteResponse(HeadWriter head)
    {
        new ResponseLine(200, string.Empty).Write(head);
        Write(head, ResponseHeaders);
    }

    /// <returns>Something of every header, so that none is optimised away.</returns>
    public static int ReadRequest(HeadReader head) => RequestLine.Read(ref head).Target.Length + ReadHeaders(ref head);

    /// <inheritdoc cref="ReadRequest"/>
    public static int ReadResponse(HeadReader head) => ResponseLine.Read(ref head).StatusCode + ReadHeaders(ref head);

    private static int ReadHeaders(ref HeadReader head)
    {
        var length = 0;
        while (head.TryHeader(out var name, out var value))
        {
            length += name.Length + value.Length;
        }

        return length;
    }

    private static void Write(HeadWriter head, (string Name, string Value)[] headers)
    {
        foreach (var (name, value) in headers)
        {
            head.Header(name, value);
        }

        head.EndHeaders();
    }

    private static byte[] Encode(Action<HeadWriter> write)
    {
        using var head = HeadWriter.Rent();
        write(head);
        return head.Written.ToArray();
    }
}
