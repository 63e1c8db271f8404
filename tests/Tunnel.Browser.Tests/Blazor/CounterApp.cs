using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;

namespace Tunnel.Browser.Tests.Blazor;

/// <summary>A page whose base is where the app lives, as Blazor's templates have it.</summary>
[Route("/")]
public sealed class CounterApp : ComponentBase
{
    [CascadingParameter]
    private HttpContext? Context { get; set; }

    /// <inheritdoc/>
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.AddMarkupContent(0, $"""
            <!doctype html>
            <html lang="en"><head>
            <meta charset="utf-8">
            <base href="{Context!.Request.PathBase}/">
            <link rel="icon" href="data:,">
            <title>Blazor</title>
            <style>body {"{"} font: 1.1rem/1.6 system-ui, sans-serif; margin: 3rem {"}"}</style>
            </head><body><h1>Blazor Server</h1>
            """);
        builder.OpenComponent<Counter>(1);
        builder.AddComponentRenderMode(new InteractiveServerRenderMode(prerender: true));
        builder.CloseComponent();
        builder.AddMarkupContent(2, """<script src="_framework/blazor.web.js"></script></body></html>""");
    }
}

/// <summary>Counts on the server, and says what is typed backwards.</summary>
public sealed class Counter : ComponentBase
{
    private int _count;
    private string _text = string.Empty;

    /// <inheritdoc/>
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.AddContent(0, "Rendered by: ");
        builder.OpenElement(1, "b");
        builder.AddAttribute(2, "id", "rendered");
        builder.AddContent(3, RendererInfo.IsInteractive ? "circuit" : "page");
        builder.CloseElement();
        builder.OpenElement(4, "p");
        builder.AddAttribute(5, "id", "count");
        builder.AddContent(6, $"count is {_count}");
        builder.CloseElement();
        builder.OpenElement(7, "button");
        builder.AddAttribute(8, "id", "add");
        builder.AddAttribute(9, "onclick", EventCallback.Factory.Create(this, () => _count++));
        builder.AddContent(10, "Add");
        builder.CloseElement();
        builder.OpenElement(11, "input");
        builder.AddAttribute(12, "id", "text");
        builder.AddAttribute(13, "oninput", EventCallback.Factory.Create<ChangeEventArgs>(this, input => _text = input.Value as string ?? string.Empty));
        builder.CloseElement();
        builder.OpenElement(14, "p");
        builder.AddAttribute(15, "id", "backwards");
        builder.AddContent(16, string.Concat(_text.Reverse()));
        builder.CloseElement();
    }
}
