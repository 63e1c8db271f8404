using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.FileProviders;
using Tunnel.Integration.Tests.Fidelity.Ways;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity;

/// <summary>Responses are those of the app's own server, whatever the app does.</summary>
public sealed class ResponseTests(FidelityRig rig) : IClassFixture<FidelityRig>
{
    private static readonly Dictionary<string, RequestDelegate> Apps = new()
    {
        ["nothing"] = _ => Task.CompletedTask,
        ["length"] = async context =>
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            context.Response.ContentLength = 11;
            await context.Response.WriteAsync("with length");
        },
        ["flushes"] = async context =>
        {
            await context.Response.WriteAsync("one ");
            await context.Response.Body.FlushAsync();
            await context.Response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes("two"));
        },
        ["204"] = context => Status(context, 204),
        ["205"] = context => Status(context, 205),
        ["304"] = context => Status(context, 304, response => response.Headers.ETag = "\"v1\""),
        ["304 with a length"] = context => Status(context, 304, response => response.ContentLength = 1234),
        ["204 with a length"] = context => Status(context, 204, response => response.ContentLength = 0),
        ["205 with a length"] = context => Status(context, 205, response => response.ContentLength = 0),
        ["204 with a type"] = context => Status(context, 204, response => response.ContentType = "text/plain"),
        ["written 204"] = context => Written(context, 204),
        ["written 205"] = context => Written(context, 205),
        ["written 304"] = context => Written(context, 304),
        ["length for HEAD"] = async context =>
        {
            context.Response.ContentLength = 5;
            context.Response.Headers.AcceptRanges = "bytes";
            if (!HttpMethods.IsHead(context.Request.Method))
            {
                await context.Response.WriteAsync("12345");
            }
        },
        ["length without a body"] = context =>
        {
            context.Response.ContentLength = HttpMethods.IsHead(context.Request.Method) ? 5 : 0;
            return Task.CompletedTask;
        },
        ["complete early"] = async context =>
        {
            await context.Response.WriteAsync("done");
            await context.Response.CompleteAsync();
        },
        ["start only"] = context => context.Response.StartAsync(),
        ["empty write"] = context => context.Response.Body.WriteAsync(ReadOnlyMemory<byte>.Empty).AsTask(),
        ["throw"] = _ => throw new InvalidOperationException("The app fails."),
        ["throw with headers"] = context =>
        {
            context.Response.StatusCode = 201;
            context.Response.ContentLength = 3;
            context.Response.Headers["X-Gone"] = "1";
            context.Response.BodyWriter.GetSpan(3);
            context.Response.BodyWriter.Advance(3);
            throw new InvalidOperationException("The app fails.");
        },
        ["bad request"] = _ => throw new BadHttpRequestException("No.", 422),
        ["too long"] = context =>
        {
            context.Response.ContentLength = 1;
            return context.Response.Body.WriteAsync("xy"u8.ToArray()).AsTask();
        },
        ["too short, nothing sent"] = context =>
        {
            context.Response.ContentLength = 5;
            return Task.CompletedTask;
        },
        ["redirect"] = context =>
        {
            context.Response.Redirect("/elsewhere?a=b#c");
            return Task.CompletedTask;
        },
        ["on starting"] = context =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.StatusCode = 202;
                context.Response.Headers["X-Late"] = "1";
                return Task.CompletedTask;
            });
            return context.Response.WriteAsync("x");
        },
        ["on starting throws"] = context =>
        {
            context.Response.OnStarting(() => throw new InvalidOperationException("The app fails."));
            return context.Response.WriteAsync("x");
        },
        ["connection closed by the app"] = context =>
        {
            context.Response.Headers.Connection = "close";
            return context.Response.WriteAsync("last");
        },
    };

    [Theory]
    [EveryWay("GET", "HEAD", "POST", "DELETE", "PATCH", "QUERY", "OPTIONS")]
    public async Task Responses_AreSeenAsWithoutTheTunnel(Via via, string method)
    {
        using var comparison = new Comparison(rig[via], keepsConnections: false);
        foreach (var (name, app) in Apps)
        {
            var served = rig.Serve(app);
            await comparison.AskAsync(to => to.Head(method, "/", served), $"{method} {name}");
        }

        comparison.AssertSame();
    }

    [Theory]
    [EveryWay]
    public async Task RangesOfFiles_AreSeenAsWithoutTheTunnel(Via via)
    {
        using var folder = new TempFolder();
        await File.WriteAllBytesAsync(folder.File("file.bin"), Pattern.Of(100_000), TunnelPair.Stop);
        File.SetLastWriteTimeUtc(folder.File("file.bin"), new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        using var files = new PhysicalFileProvider(folder.Path);
        var served = rig.Serve(app => app.UseStaticFiles(new StaticFileOptions { FileProvider = files }));
        using var visitor = new Visitor(rig[via].Direct!);
        var tag = (await visitor.AskAsync(rig[via].Direct!.Head("HEAD", "/file.bin", served))).Header("ETag");

        using var comparison = new Comparison(rig[via]);
        foreach (var conditions in new string[][]
        {
            [], ["Range: bytes=0-0"], ["Range: bytes=0-"], ["Range: bytes=99999-"], ["Range: bytes=-1"], ["Range: bytes=100000-"], ["Range: bytes=5-2"], ["Range: bytes=0-1,5-6"],
            ["Range: lines=0-1"], ["Range: bytes=10-99", $"If-Range: {tag}"], ["Range: bytes=10-99", "If-Range: \"other\""], ["Range: bytes=10-99", "If-Range: Fri, 02 Jan 2026 03:04:05 GMT"],
            [$"If-None-Match: {tag}"], ["If-None-Match: *"], ["If-Match: \"other\""], ["If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT"], ["If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT"],
        })
        {
            await comparison.AskAsync(to => to.Head("GET", "/file.bin", [served, .. conditions]), string.Join(", ", conditions));
            await comparison.AskAsync(to => to.Head("HEAD", "/file.bin", [served, .. conditions]), "HEAD " + string.Join(", ", conditions));
        }

        comparison.AssertSame();
    }

    private static Task Status(HttpContext context, int status, Action<HttpResponse>? set = null)
    {
        context.Response.StatusCode = status;
        set?.Invoke(context.Response);
        return Task.CompletedTask;
    }

    private static Task Written(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(status.ToString(CultureInfo.InvariantCulture));
    }
}
