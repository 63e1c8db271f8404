using System.Text.Json;
using Tunnel.Agent;
using Tunnel.Cli.Output;

namespace Tunnel.Cli.Sharing;

/// <summary>Tells a script, by the events that <c>tunnel http --help</c> lists.</summary>
internal sealed class JsonReport(JsonEvents events) : IShareReport
{
    public void Waiting(string where) => events.Write("state", json =>
    {
        json.WriteString("state", "waiting");
        json.WriteString("message", $"Nothing answers at {where} yet.");
    });

    public void Connecting(Uri relay) => events.State("connecting");

    public void Connected(IReadOnlyList<Uri> publicUrls, Uri target, bool isReconnect, bool areNew) => events.Write("connected", json =>
    {
        JsonEvents.WriteUrls(json, "urls", publicUrls.Select(url => url.AbsoluteUri));
        json.WriteString("target", target.GetLeftPart(UriPartial.Authority));
        json.WriteBoolean("reconnected", isReconnect);
    });

    public void Reconnecting(TunnelFailure failure) => events.Write("state", json =>
    {
        json.WriteString("state", "reconnecting");
        json.WriteString("reason", JsonEvents.NameOf(failure.Reason));
        json.WriteString("message", failure.Message);
    });

    public void Stopping() => events.State("stopping");

    public void Completed(TunnelRequest request) => events.Write("request", json =>
    {
        WriteHead(json, request);
        json.WriteNumber("bytes", request.ResponseBytes);
        json.WriteNumber("durationMs", Math.Round(request.Duration.TotalMilliseconds, 3));
        json.WriteString("outcome", JsonEvents.NameOf(request.Outcome));
    });

    public void Upgraded(TunnelRequest request) => events.Write("upgrade", json => WriteHead(json, request));

    public void Warning(string sentence) => events.Write("warning", json => json.WriteString("message", sentence));

    private static void WriteHead(Utf8JsonWriter json, TunnelRequest request)
    {
        json.WriteString("method", request.Method);
        json.WriteString("path", request.Path);
        if (request.StatusCode == 0)
        {
            json.WriteNull("status");
        }
        else
        {
            json.WriteNumber("status", request.StatusCode);
        }
    }
}
