using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Links;

/// <summary>Which kind of link carries a tunnel, with something on the way that knows WebSockets only.</summary>
public sealed class LinkKindTests
{
    private const string Bare = "tunnel.v1";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("nothing", false, new[] { Bare })]
    [InlineData("nothing", true, new[] { "websocket" })]
    [InlineData("refuses", false, new[] { Bare, "websocket" })]
    [InlineData("cuts", false, new[] { Bare, "websocket" })]
    [InlineData("swallows", false, new[] { Bare, "websocket" })]
    [InlineData("cuts what is no text", false, new[] { Bare, "websocket" })]
    public async Task Agent_GetsThroughWhatIsOnTheWay(string onTheWay, bool webSocketOnly, string[] asked)
    {
        var upgrades = new List<string>();
        await using var pair = await TunnelPair.StartAsync(
            app => app.MapGet("/", () => "from the device"),
            hub => hub.Pipeline = app =>
            {
                app.Use(async (context, next) =>
                {
                    if (context.Request.Path == "/.tunnel/connect")
                    {
                        upgrades.Add(context.Request.Headers.Upgrade.ToString());
                    }

                    await PassAsync(onTheWay, context, next);
                });
                app.UseTunnelRelay();
            },
            device => device.Agent = options => options.WebSocketOnly = webSocketOnly);

        Assert.Equal("from the device", await pair.Visitor.GetStringAsync("", Stop));
        Assert.Equal(asked, upgrades);
    }

    private static async Task PassAsync(string onTheWay, HttpContext context, RequestDelegate next)
    {
        switch (context.Request.Headers.Upgrade == Bare ? onTheWay : "nothing")
        {
            case "refuses":
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                break;
            case "cuts":
                context.Abort();
                break;
            case "swallows":
                // It agrees to what it does not understand, and ends the connection at the first bytes that are no HTTP.
                context.Response.Headers.Upgrade = Bare;
                await using (var connection = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync())
                {
                    await connection.WriteAsync(new byte[] { 0 }, context.RequestAborted);
                }

                break;
            case "cuts what is no text":
                context.Features.Set<IHttpUpgradeFeature>(new TextOnlyUpgrade(context));
                await next(context);
                break;
            default:
                await next(context);
                break;
        }
    }
}
