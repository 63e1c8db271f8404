using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tunnel.Integration.Tests.Fidelity.Ways;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Bodies of every size arrive whole, framed as they were: around what is buffered, cut or waited for at somewhere on the way.</summary>
public sealed class BodySizeTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    private static readonly int[] Sizes =
    [
        0, 1, 2, .. new[] { 4096, 16 * 1024, 32 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024 }.SelectMany(size => new[] { size - 1, size, size + 1 }),
    ];

    [Theory]
    [EveryWay("length", "chunk", "chunks")]
    public async Task Uploads_AreSeenAsWithoutTheTunnel(Via via, string framing)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var size in Sizes)
        {
            var body = Encoding.Latin1.GetString(Pattern.Of(size));
            var (header, content) = framing switch
            {
                "length" => (string.Create(CultureInfo.InvariantCulture, $"Content-Length: {size}"), body),
                "chunk" => ("Transfer-Encoding: chunked", (size > 0 ? $"{size:x}\r\n{body}\r\n" : "") + "0\r\n\r\n"),
                _ => ("Transfer-Encoding: chunked", string.Concat(Pieces(body).Select(piece => $"{piece.Length:X4}\r\n{piece}\r\n")) + "0\r\n\r\n"),
            };
            await comparison.AskAsync(to => to.Head("POST", "/", header) + content, $"{size}");
        }

        comparison.AssertSame();
    }

    [Theory]
    [EveryWay("length", "whole", "pieces", "pipe")]
    public async Task Downloads_AreSeenAsWithoutTheTunnel(Via via, string framing)
    {
        using var comparison = new Comparison(rig[via]);
        foreach (var size in Sizes)
        {
            var body = Pattern.Of(size);
            var served = rig.Serve(async context =>
            {
                context.Response.ContentLength = framing == "length" ? size : null;
                switch (framing)
                {
                    case "pieces":
                        await Pattern.WriteAsync(context.Response.Body, size, largest: 10_007);
                        break;
                    case "pipe":
                        // Without a flush of its own; the end flushes.
                        body.CopyTo(context.Response.BodyWriter.GetSpan(size));
                        context.Response.BodyWriter.Advance(size);
                        break;
                    default:
                        await context.Response.Body.WriteAsync(body);
                        break;
                }
            });
            await comparison.AskAsync(to => to.Head("GET", "/", served), $"{size}");
        }

        comparison.AssertSame();
    }

    [Theory]
    [EveryWay]
    public async Task Echo_OfBodiesThatAreReadWhileTheyAreSent_IsTheSame(Via via)
    {
        var echo = rig.Serve(async context =>
        {
            context.Response.ContentLength = context.Request.ContentLength;
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        using var comparison = new Comparison(rig[via]);
        foreach (var size in Sizes)
        {
            var body = Encoding.Latin1.GetString(Pattern.Of(size));
            await comparison.AskAsync(
                to => to.Head("POST", "/", echo, string.Create(CultureInfo.InvariantCulture, $"Content-Length: {size}")) + body, $"{size}");
        }

        comparison.AssertSame();
    }

    private static IEnumerable<string> Pieces(string body) => body.Length < 5000
        ? body.Select(one => $"{one}") // a chunk for every byte
        : body.Chunk(4099).Select(piece => new string(piece));
}
