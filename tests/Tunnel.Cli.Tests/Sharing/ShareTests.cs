using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tunnel.Cli.Output;

namespace Tunnel.Cli.Tests.Sharing;

/// <summary>Both commands together, from the first line to the last.</summary>
public sealed class ShareTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tunnel-cli-");
    private readonly HttpClient _visitor = new();
    private WebApplication? _app;
    private RunningCommand? _relay;
    private string _relayUrl = string.Empty;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/{**path}", (HttpContext context) =>
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return context.Response.WriteAsync("12345");
        });
        await _app.StartAsync(Stop);

        _relay = RunningCommand.Start("relay", "--development", "--json", "--urls", "http://127.0.0.1:0", "--data", Path.Combine(_folder.FullName, "relay"));
        var listening = JsonDocument.Parse(await _relay.LineAsync()).RootElement;
        Assert.Equal("listening", listening.GetProperty("event").GetString());
        _relayUrl = listening.GetProperty("relay").GetString()!;
        Assert.Equal([_relayUrl], listening.GetProperty("urls").EnumerateArray().Select(url => url.GetString()));
    }

    public async ValueTask DisposeAsync()
    {
        _visitor.Dispose();
        if (_relay is not null)
        {
            await _relay.DisposeAsync();
        }

        await _app!.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task JsonIsOneEventALineAndNothingElse()
    {
        await using var share = RunningCommand.Start([.. Arguments, "--json", "--qr"]);

        var connecting = await EventAsync("state");
        Assert.Equal("connecting", connecting.GetProperty("state").GetString());
        var connected = await EventAsync("connected");
        var url = connected.GetProperty("urls")[0].GetString();
        Assert.Equal($"{_relayUrl}/t/demo/", url);
        Assert.False(connected.GetProperty("reconnected").GetBoolean());

        await _visitor.GetStringAsync(new Uri($"{url}a%1Bb?token=secret"), Stop);
        var request = await EventAsync("request");
        Assert.Equal("GET", request.GetProperty("method").GetString());
        Assert.Equal("/a%1Bb", request.GetProperty("path").GetString());
        Assert.Equal(202, request.GetProperty("status").GetInt32());
        Assert.Equal(5, request.GetProperty("bytes").GetInt64());
        Assert.True(request.GetProperty("durationMs").GetDouble() > 0);
        Assert.Equal("completed", request.GetProperty("outcome").GetString());

        Assert.Equal(ExitCode.Ok, await share.StopAsync());
        Assert.Equal("stopping", (await EventAsync("state")).GetProperty("state").GetString());

        async Task<JsonElement> EventAsync(string name)
        {
            var json = JsonDocument.Parse(await share.LineAsync()).RootElement;
            Assert.Equal(name, json.GetProperty("event").GetString());
            Assert.Equal(TimeSpan.Zero, json.GetProperty("time").GetDateTimeOffset().Offset);
            return json;
        }
    }

    [Fact]
    public async Task RedirectedOutputIsPlain()
    {
        await using var share = RunningCommand.Start(Arguments);

        Assert.Equal($"Connecting to {_relayUrl}", await share.LineAsync());
        Assert.Equal($"Public URL:     {_relayUrl}/t/demo/", await share.LineAsync());
        Assert.Equal($"Forwarding to:  {_app!.Urls.Single()}", await share.LineAsync());
        await _visitor.GetStringAsync(new Uri($"{_relayUrl}/t/demo/path?token=secret"), Stop);
        Assert.Matches("^[0-9:]{8}  202  GET           5 B  +[0-9.]+ m?s  /path$", await share.LineAsync());
    }

    [Fact]
    public async Task OnATerminalTheStatusIsColoured()
    {
        await using var share = RunningCommand.StartOn(new TerminalTraits(true, true, true), Arguments);
        while (!(await share.LineAsync()).Contains($"\e[1;36m{_relayUrl}/t/demo/\e[0m", StringComparison.Ordinal))
        {
        }

        await _visitor.GetStringAsync(new Uri($"{_relayUrl}/t/demo/"), Stop);

        string line;
        do
        {
            line = await share.LineAsync();
        }
        while (!line.Contains("202", StringComparison.Ordinal));
        Assert.Contains("\e[32m202\e[0m", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusedSlugEndsTheCommandWithTheRemedy()
    {
        var run = await CommandRun.OfAsync([.. Arguments.Select(argument => argument == "demo" ? "www" : argument), "--json"]);

        Assert.Equal(ExitCode.SlugRefused, run.ExitCode);
        var last = JsonDocument.Parse(run.Output.TrimEnd().Split(Environment.NewLine)[^1]).RootElement;
        Assert.Equal("error", last.GetProperty("event").GetString());
        Assert.Equal(ExitCode.SlugRefused, last.GetProperty("exitCode").GetInt32());
        Assert.Equal(run.Errors.TrimEnd(), last.GetProperty("message").GetString());
    }

    private string[] Arguments =>
    [
        "http", new Uri(_app!.Urls.Single()).Port.ToString(), "--relay", _relayUrl, "--slug", "demo", "--key", Path.Combine(_folder.FullName, "agent.json"),
    ];
}
