using System.Globalization;
using Tunnel.Agent;
using Tunnel.Cli.Output;

namespace Tunnel.Cli.Sharing;

/// <summary>Tells a person. Redirected it says the same in the same words, but for colours, blank lines and the QR code.</summary>
internal sealed class TextReport(Terminal terminal, bool? qr, TimeProvider time) : IShareReport
{
    private readonly Palette _palette = terminal.Palette;

    public void Waiting(string where) => terminal.Warn($"Nothing answers at {where} yet; waiting for it.");

    public void Connecting(Uri relay) => terminal.Say($"Connecting to {relay.GetLeftPart(UriPartial.Authority)}");

    public void Connected(IReadOnlyList<Uri> publicUrls, Uri target, bool isReconnect, bool areNew)
    {
        if (isReconnect)
        {
            terminal.Say($"{_palette.Dim(TimeOfDay)}  {_palette.Green("Connected to the relay again.")}");
        }

        if (areNew)
        {
            terminal.Say(string.Join(Environment.NewLine, Greeting(publicUrls, target)));
        }
    }

    public void Reconnecting(TunnelFailure failure)
    {
        var next = failure.Reason switch
        {
            TunnelFailureReason.LinkLost => " Reconnecting.",
            TunnelFailureReason.Overloaded => string.Empty, // says it itself
            _ => " Trying again.",
        };
        terminal.Warn($"{TimeOfDay}  {failure.Message}{next}");
    }

    public void Stopping() => terminal.Say("Closing the tunnel; open requests may finish. Ctrl+C again ends them.");

    public void Completed(TunnelRequest request) => Say(request, isOpen: false);

    public void Upgraded(TunnelRequest request) => Say(request, isOpen: true);

    public void Warning(string sentence) => terminal.Warn($"{TimeOfDay}  {sentence}");

    private string TimeOfDay => time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private void Say(TunnelRequest request, bool isOpen) =>
        terminal.Say(RequestLine.Format(time.GetLocalNow(), request, isOpen, _palette, terminal.Traits.Window()?.Columns));

    // One text, so that no request's line gets in between.
    private IEnumerable<string> Greeting(IReadOnlyList<Uri> publicUrls, Uri target)
    {
        var isTerminal = terminal.Traits.IsTerminal;
        if (isTerminal)
        {
            yield return string.Empty;
        }

        foreach (var url in publicUrls)
        {
            yield return $"Public URL:     {_palette.Link(PrintableText.Of(url.AbsoluteUri))}";
        }

        yield return $"Forwarding to:  {target.GetLeftPart(UriPartial.Authority)}";
        foreach (var line in QrChoice.Picture(publicUrls[0], qr, terminal.Traits)?.Lines ?? [])
        {
            yield return line;
        }

        if (isTerminal)
        {
            if (publicUrls.All(QrChoice.IsThisMachine))
            {
                yield return _palette.Dim("The URL works on this machine only, because the relay was dialled at a local address.");
            }

            yield return _palette.Dim("Ctrl+C ends it.");
            yield return string.Empty;
        }
    }
}
