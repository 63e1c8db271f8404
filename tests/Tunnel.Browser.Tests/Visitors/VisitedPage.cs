using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Tunnel.Browser.Tests.Visitors;

/// <summary>A page as a visitor sees it, with what its console and its network report.</summary>
internal sealed class VisitedPage : IAsyncDisposable
{
    private const int Patience = 20_000; // ms
    private readonly ConcurrentQueue<string> _problems = new();
    private readonly ConcurrentQueue<string> _webSockets = new();

    private VisitedPage(IPage page)
    {
        Page = page;
        page.SetDefaultTimeout(Patience);
        page.Console += (_, message) => Note(message.Type == "error", $"console: {message.Text} ({message.Location})");
        page.PageError += (_, error) => Note(true, $"script: {error}");
        page.RequestFailed += (_, request) => Note(true, $"request: {request.Method} {request.Url} {request.Failure}");
        page.Response += (_, response) => Note(response.Status >= 400, $"response: {response.Status} {response.Url}");
        page.WebSocket += (_, socket) =>
        {
            _webSockets.Enqueue(socket.Url);
            socket.SocketError += (_, error) => Note(true, $"WebSocket: {socket.Url} {error}");
        };
    }

    public IPage Page { get; }

    public IReadOnlyCollection<string> WebSockets => _webSockets;

    public static async Task<VisitedPage> OpenAsync(IBrowserContext context, Uri address)
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        var visited = new VisitedPage(await context.NewPageAsync());
        await visited.Page.GotoAsync(address.ToString());
        return visited;
    }

    /// <summary>Waits until the element with this id shows this text.</summary>
    public async Task SeesAsync(string id, string text)
    {
        try
        {
            await Assertions.Expect(Page.Locator($"#{id}")).ToHaveTextAsync(text);
        }
        catch (PlaywrightException exception)
        {
            Assert.Fail(string.Join(Environment.NewLine, [exception.Message, "What went wrong in the page:", .. _problems, "WebSockets:", .. _webSockets]));
        }
    }

    public Task ClickAsync(string id) => Page.ClickAsync($"#{id}");

    /// <summary>Keeps a picture for people, in a folder that is no part of the repository.</summary>
    public Task PictureAsync(string name) => Page.ScreenshotAsync(
        new PageScreenshotOptions { Path = Path.Combine(Folders.Artifacts, "screenshots", $"{name}.png") });

    /// <summary>Nothing went wrong, but perhaps what the test did itself.</summary>
    public void AssertNoProblems(Func<string, bool>? isExpected = null)
    {
        var unexpected = _problems.Where(problem => isExpected?.Invoke(problem) is not true).ToArray();
        Assert.True(unexpected.Length == 0, string.Join(Environment.NewLine, unexpected));
    }

    public ValueTask DisposeAsync() => new(Page.Context.CloseAsync());

    private void Note(bool isProblem, string text)
    {
        if (isProblem)
        {
            _problems.Enqueue(text);
        }
    }
}
