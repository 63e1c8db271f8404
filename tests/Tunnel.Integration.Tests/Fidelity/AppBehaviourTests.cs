using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fidelity.Ways;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>What an app may do with a request in its own process does what it does on Kestrel, mistakes included.</summary>
public sealed class AppBehaviourTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    private const string Form = "a=1&b=%20x&a=2";
    private const string Parts = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\nContent-Type: text/plain\r\n\r\nfile\r\n--x--\r\n";

    /// <summary>Each gives an account of what it saw, or of the exception.</summary>
    private static readonly Dictionary<string, Func<HttpContext, Task<string>>> Reading = new()
    {
        ["stream to the end, and on"] = async context =>
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            return $"{body.Length} {await context.Request.Body.ReadAsync(new byte[9])} {await context.Request.Body.ReadAsync(Memory<byte>.Empty)}";
        },
        ["reader, examined and consumed"] = async context =>
        {
            var reader = context.Request.BodyReader;
            while (await reader.ReadAsync() is { IsCompleted: false } result)
            {
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }

            var all = await reader.ReadAsync();
            var text = Encoding.UTF8.GetString(all.Buffer.ToArray());
            reader.AdvanceTo(all.Buffer.GetPosition(1), all.Buffer.End);
            var rest = await reader.ReadAsync();
            reader.AdvanceTo(rest.Buffer.End);
            return $"{text} {rest.Buffer.Length} {rest.IsCompleted} {reader.TryRead(out var last)} {last.Buffer.Length} {last.IsCompleted}";
        },
        ["reader, cancelled"] = async context =>
        {
            context.Request.BodyReader.CancelPendingRead();
            var result = await context.Request.BodyReader.ReadAsync();
            context.Request.BodyReader.AdvanceTo(result.Buffer.Start);
            return $"{result.IsCanceled}";
        },
        ["reader, then stream"] = async context =>
        {
            var result = await context.Request.BodyReader.ReadAtLeastAsync(3);
            context.Request.BodyReader.AdvanceTo(result.Buffer.GetPosition(Math.Min(3, result.Buffer.Length)));
            return await new StreamReader(context.Request.Body).ReadToEndAsync();
        },
        ["cancelled before it reads"] = async context => $"{await context.Request.Body.ReadAsync(new byte[1], new CancellationToken(true))}",
        ["synchronously"] = context => Task.FromResult($"{context.Request.Body.Read(new byte[4], 0, 4)}"),
        ["buffered"] = async context =>
        {
            context.Request.EnableBuffering();
            var first = await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Request.Body.Position = 0;
            return first == await new StreamReader(context.Request.Body).ReadToEndAsync() ? first : "different";
        },
        ["form"] = async context =>
        {
            var form = await context.Request.ReadFormAsync();
            var file = form.Files.Count > 0 ? await new StreamReader(form.Files[0].OpenReadStream()).ReadToEndAsync() : null;
            return $"{string.Join('|', form.Select(pair => $"{pair.Key}={pair.Value}"))} {file} {context.Request.HasFormContentType}";
        },
        ["size limit after the read"] = async context =>
        {
            _ = await context.Request.Body.ReadAsync(new byte[1]);
            var limit = context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>();
            return $"{limit.IsReadOnly} {Of(() => limit.MaxRequestBodySize = 5)}";
        },
        ["facts of the stream"] = context => Task.FromResult(
            $"{context.Request.Body.CanRead} {context.Request.Body.CanSeek} {context.Request.Body.CanWrite} {Of(() => _ = context.Request.Body.Length)} {Of(() => context.Request.Body.Position = 0)} {Of(() => context.Request.Body.Write([]))}"),
        ["headers changed"] = context =>
        {
            context.Request.Headers["X-New"] = "1";
            context.Request.Headers.ContentLength = 99;
            context.Request.Headers.Remove("Host");
            return Task.FromResult($"{context.Request.Headers["X-New"]} {context.Request.ContentLength} {context.Request.Host} {context.Request.Headers["None"].Count} {context.Request.Headers.ContainsKey("none")}");
        },
        ["urls"] = context => Task.FromResult($"{context.Request.GetEncodedPathAndQuery()} {context.Request.GetDisplayUrl()} {context.Request.GetEncodedUrl()} {context.Request.IsHttps}"),
        ["connection"] = context => Task.FromResult(
            $"{context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody} {context.WebSockets.IsWebSocketRequest} {context.RequestAborted.IsCancellationRequested}"),
    };

    private static readonly Dictionary<string, Func<HttpContext, Task>> Writing = new()
    {
        ["after the start"] = async context =>
        {
            await context.Response.StartAsync();
            await context.Response.WriteAsync(
                $"{context.Response.HasStarted} {Of(() => context.Response.StatusCode = 1)} {Of(() => context.Response.Headers["X-A"] = "1")} {Of(() => context.Response.ContentLength = 1)} {Of(() => context.Response.Headers.Clear())} {Of(() => context.Response.OnStarting(() => Task.CompletedTask))} {Of(() => context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = "x")} {Of(() => context.Response.Clear())}");
        },
        ["wrong length"] = async context => await context.Response.WriteAsync(
            $"{Of(() => context.Response.ContentLength = -1)} {Of(() => context.Response.Headers.ContentLength = null)}"),
        ["line break in a value"] = context =>
        {
            context.Response.Headers["X-A"] = "a\r\nSet-Cookie: b";
            return context.Response.WriteAsync("x");
        },
        ["synchronously"] = async context => await context.Response.WriteAsync(Of(() => context.Response.Body.Write("x"u8)) + Of(context.Response.Body.Flush)),
        ["facts of the stream"] = async context => await context.Response.WriteAsync(
            $"{context.Response.Body.CanRead} {context.Response.Body.CanSeek} {context.Response.Body.CanWrite} {Of(() => _ = context.Response.Body.Length)} {Of(() => _ = context.Response.Body.Read(new byte[1]))} {context.Response.HasStarted} {context.Response.BodyWriter.CanGetUnflushedBytes}"),
        ["writer and stream"] = async context =>
        {
            context.Response.BodyWriter.Write("a"u8);
            await context.Response.Body.WriteAsync("b"u8.ToArray());
            context.Response.BodyWriter.Write("c"u8);
            var unflushed = context.Response.BodyWriter.UnflushedBytes;
            await context.Response.WriteAsync($" {unflushed}");
        },
        ["writer completed"] = async context =>
        {
            context.Response.BodyWriter.Write("a"u8);
            await context.Response.BodyWriter.CompleteAsync();
        },
        ["completed, then written"] = async context =>
        {
            await context.Response.WriteAsync("a");
            await context.Response.CompleteAsync();
            await context.Response.WriteAsync("b");
        },
        ["body replaced"] = async context =>
        {
            var body = context.Response.Body;
            using var buffer = new MemoryStream();
            context.Response.Body = buffer;
            await context.Response.WriteAsync("buffered");
            context.Response.Body = body;
            context.Response.ContentLength = buffer.Length;
            buffer.Position = 0;
            await buffer.CopyToAsync(body);
        },
        ["cleared"] = async context =>
        {
            context.Response.StatusCode = 404;
            context.Response.Headers["X-A"] = "1";
            context.Response.Clear();
            await context.Response.WriteAsync($"{context.Response.StatusCode}");
        },
        ["cancelled write"] = async context =>
        {
            try
            {
                await context.Response.Body.WriteAsync("x"u8.ToArray(), new CancellationToken(true));
            }
            catch (Exception exception)
            {
                await context.Response.WriteAsync(exception.GetType().Name);
            }
        },
        ["aborted token"] = async context =>
        {
            using var own = new CancellationTokenSource();
            context.RequestAborted = own.Token;
            await own.CancelAsync();
            await context.Response.WriteAsync($"{context.RequestAborted.IsCancellationRequested}", CancellationToken.None);
        },
        ["on starting, last first"] = async context =>
        {
            foreach (var name in new[] { "a", "b" })
            {
                context.Response.OnStarting(() =>
                {
                    context.Response.Headers.Append("X-Order", name);
                    return Task.CompletedTask;
                });
            }

            await context.Response.WriteAsync("x");
        },
        ["hundreds of writes"] = async context =>
        {
            for (var n = 0; n < 300; n++)
            {
                await context.Response.WriteAsync($"{n} ");
            }
        },
        ["file"] = context => context.Response.SendFileAsync(typeof(AppBehaviourTests).Assembly.Location, 10, 100_000),
    };

    [Theory]
    [InlineData(Via.InProcessByPath)]
    [InlineData(Via.InProcessBySubdomain)]
    public async Task Requests_AreReadAsOnKestrel(Via via)
    {
        using var comparison = new Comparison(rig[via], keepsConnections: false);
        foreach (var (name, read) in Reading)
        {
            var served = rig.Serve(async context => await context.Response.WriteAsync(await ReadAsync(context, read)));
            await comparison.AskAsync(to => to.Head("POST", "/a%20b?c", served, "Content-Length: 5") + "hello", $"{name}, length");
            await comparison.AskAsync(to => to.Head("POST", "/", served, "Transfer-Encoding: chunked") + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", $"{name}, chunks");
            await comparison.AskAsync(to => to.Head("GET", "/", served), $"{name}, none");
            await comparison.AskAsync(
                to => to.Head("POST", "/", served, "Content-Type: application/x-www-form-urlencoded", $"Content-Length: {Form.Length}") + Form, $"{name}, form");
            await comparison.AskAsync(
                to => to.Head("POST", "/", served, "Content-Type: multipart/form-data; boundary=x", $"Content-Length: {Parts.Length}") + Parts, $"{name}, parts");
        }

        comparison.AssertSame();
    }

    [Theory]
    [InlineData(Via.InProcessByPath)]
    [InlineData(Via.InProcessBySubdomain)]
    public async Task Responses_AreWrittenAsOnKestrel(Via via)
    {
        using var comparison = new Comparison(rig[via], keepsConnections: false);
        foreach (var (name, write) in Writing)
        {
            var served = rig.Serve(context => write(context));
            await comparison.AskAsync(to => to.Head("GET", "/", served), name);
            await comparison.AskAsync(to => to.Head("HEAD", "/", served), name + ", HEAD");
        }

        comparison.AssertSame();
    }

    private static async Task<string> ReadAsync(HttpContext context, Func<HttpContext, Task<string>> read)
    {
        try
        {
            return await read(context);
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }

    private static string Of(Action action)
    {
        try
        {
            action();
            return "fine";
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }
}
