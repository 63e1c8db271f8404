using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests;

/// <summary>Responses through the tunnel are those that the device's own Kestrel gives, header for header and byte for byte.</summary>
public sealed class ResponseTests
{
    [Theory]
    [InlineData("GET", "nothing")]
    [InlineData("HEAD", "nothing")]
    [InlineData("DELETE", "nothing")]
    [InlineData("GET", "length")]
    [InlineData("HEAD", "length")]
    [InlineData("PATCH", "length")]
    [InlineData("GET", "chunked")]
    [InlineData("HEAD", "chunked")]
    [InlineData("QUERY", "chunked")]
    [InlineData("GET", "204")]
    [InlineData("HEAD", "204")]
    [InlineData("GET", "205")]
    [InlineData("GET", "304")]
    [InlineData("HEAD", "304")]
    [InlineData("GET", "head-length")]
    [InlineData("HEAD", "head-length")]
    [InlineData("GET", "duplicates")]
    [InlineData("GET", "reason")]
    [InlineData("GET", "299")]
    [InlineData("GET", "complete-early")]
    [InlineData("GET", "start-only")]
    [InlineData("GET", "zero-length")]
    [InlineData("GET", "throw")]
    [InlineData("HEAD", "throw")]
    [InlineData("GET", "throw-with-headers")]
    [InlineData("GET", "bad-request")]
    [InlineData("GET", "write-in-204")]
    [InlineData("GET", "too-long")]
    [InlineData("GET", "empty-write")]
    [InlineData("GET", "redirect")]
    [InlineData("OPTIONS", "length")]
    public async Task Response_IsTheSameAsOnKestrel(string method, string name)
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(AnswerAsync));
        var request = $"{method} /t/demo/{name} HTTP/1.1\r\nHost: any.test\r\n\r\n";

        var direct = await RawConnection.RequestAsync(pair.Device.Url, request);
        var tunnelled = await RawConnection.RequestAsync(pair.Hub.Url, request);

        Assert.Equal(direct.Comparable(), tunnelled.Comparable());
    }

    [Fact]
    public async Task ManyRequestsOnOneConnection_EachGetsItsOwnResponse()
    {
        await using var pair = await TunnelPair.StartAsync(app => app.Run(context =>
            context.Response.WriteAsync($"{context.Request.Path}{context.Request.Headers["X-Only"]}")));
        using var visitor = await RawConnection.OpenAsync(pair.Hub.Url);

        // Pipelined, so that nothing of one may be left in the next.
        var requests = Enumerable.Range(0, 50).Select(n =>
            $"GET /t/demo/{n} HTTP/1.1\r\nHost: any.test\r\n{(n % 2 == 0 ? $"X-Only: -{n}\r\n" : string.Empty)}\r\n");
        await visitor.SendAsync(string.Concat(requests));

        for (var n = 0; n < 50; n++)
        {
            Assert.Equal(n % 2 == 0 ? $"/{n}-{n}" : $"/{n}", (await visitor.ReadResponseAsync().Soon()).Text);
        }
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var response = context.Response;
        switch (context.Request.Path.Value!.Split('/')[^1])
        {
            case "nothing":
                break;
            case "length":
                response.ContentType = "text/plain; charset=utf-8";
                response.ContentLength = 11;
                await response.WriteAsync("with length");
                break;
            case "chunked":
                await response.WriteAsync("one ");
                await response.Body.FlushAsync();
                await response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes("two"));
                break;
            case "204" or "205" or "299":
                response.StatusCode = int.Parse(context.Request.Path.Value.AsSpan()[^3..], System.Globalization.CultureInfo.InvariantCulture);
                break;
            case "304":
                response.StatusCode = 304;
                response.Headers.ETag = "\"v1\"";
                break;
            case "head-length":
                response.ContentLength = 5;
                response.Headers.AcceptRanges = "bytes";
                if (!HttpMethods.IsHead(context.Request.Method))
                {
                    await response.WriteAsync("12345");
                }

                break;
            case "duplicates":
                response.Headers.Append("Set-Cookie", "a=1; path=/t/demo");
                response.Headers.Append("Set-Cookie", "b=2, with comma");
                response.Headers.Append("X-Many", new([" z", "", "a, b"]));
                response.Headers["X-Empty"] = "";
                response.Headers["X-Empties"] = new(["", "a", ""]);
                break;
            case "reason":
                response.StatusCode = 418;
                context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = "Short and stout";
                break;
            case "complete-early":
                await response.WriteAsync("done");
                await response.CompleteAsync();
                break;
            case "start-only":
                await response.StartAsync();
                break;
            case "zero-length":
                response.ContentLength = 0;
                break;
            case "throw":
                throw new InvalidOperationException("The app fails.");
            case "throw-with-headers":
                response.StatusCode = 201;
                response.ContentLength = 3;
                response.Headers["X-Gone"] = "1";
                response.BodyWriter.GetSpan(3);
                response.BodyWriter.Advance(3);
                throw new InvalidOperationException("The app fails.");
            case "bad-request":
                throw new BadHttpRequestException("No.", 422);
            case "write-in-204":
                response.StatusCode = 204;
                await response.WriteAsync("x");
                break;
            case "too-long":
                response.ContentLength = 1;
                await response.Body.WriteAsync("xy"u8.ToArray());
                break;
            case "empty-write":
                await response.Body.WriteAsync(ReadOnlyMemory<byte>.Empty);
                break;
            case "redirect":
                response.Redirect("/t/demo/elsewhere?a=b#c");
                break;
        }
    }
}
