using System.CommandLine;
using Tunnel.Cli.Arguments;
using Tunnel.Cli.Help;
using Tunnel.Cli.Output;
using Tunnel.Cli.Sharing;

namespace Tunnel.Cli;

/// <summary><c>tunnel http</c>: shares a local server under a public URL.</summary>
internal static class HttpCommand
{
    private static readonly HelpSection _examples = new("Examples",
    [
        "tunnel http 3000 --relay https://tunnel.example.com               share http://localhost:3000",
        "tunnel http 3000 --relay https://tunnel.example.com --slug demo   the same under a name of your choice",
        "tunnel http https://localhost:5001 --relay …                      a server with TLS",
        "tunnel http h2c://localhost:5000 --relay …                        a gRPC server, or another with HTTP/2 and no TLS",
        "tunnel http 5173 --host preserve --relay …                        for a server that makes links out of its own name",
        "tunnel http 3000 --relay … --json | jq .                          events for a script",
    ]);

    private static readonly HelpSection _json = new("Events of --json (each has event and time; fields may be added)",
    [
        "connected  urls, target, reconnected     the tunnel is up",
        "request    method, path, status, bytes,  a request has ended; status is null without an answer;",
        "           durationMs, outcome           outcome: completed, aborted, failed, target_unreachable",
        "upgrade    method, path, status          a request has become a WebSocket; request follows at its end",
        "state      state, reason?, message?      waiting, connecting, reconnecting, stopping",
        "warning    message                       the local server does not serve",
        "omitted    count                         so many events are left out, because nothing took those before them",
        "error      exitCode, message             the last event of a command that fails",
    ]);

    public static Command Create(Terminal terminal)
    {
        var target = new Argument<ShareTarget>("port|url")
        {
            Description = "The local server to share: 7080, http://192.168.1.20:8080, https://…, or h2c://… for HTTP/2 without TLS.",
            CustomParser = result => ShareTarget.Parse(result.Tokens.Single().Value, result.AddError),
        };
        var relay = new Option<Uri>("--relay")
        {
            Description = "The relay's address.",
            HelpName = "url",
            Required = true,
            CustomParser = result => Addresses.ParseRelay(result.Tokens.Single().Value, result.AddError),
        };
        var slug = new Option<string?>("--slug")
        {
            Description = "The public name to ask for. Default: the relay chooses one and keeps it for this machine's key, so a second command at the same time needs another name.",
            HelpName = "name",
        };
        var host = new Option<string?>("--host")
        {
            Description = "The Host header for the local server: 'preserve' for the visitor's, or a value. Default: the server's own.",
            HelpName = "preserve|value",
        };
        var certificate = new Option<string?>("--certificate")
        {
            Description = "Which certificate of a local https server is taken. Default: any on this machine, elsewhere what the system trusts.",
            HelpName = "system|any|file",
        };
        var key = new Option<FileInfo?>("--key")
        {
            Description = "The file with the private key, made on first use. Default: one per user.",
            HelpName = "file",
        };
        var relayKey = new Option<string?>("--relay-key")
        {
            Description = "The relay's public key or its fingerprint; no other relay is accepted. Default: not compared.",
            HelpName = "key",
        };
        var authorities = new Option<FileInfo?>("--ca")
        {
            Description = "A PEM file with the roots that the relay's certificate must come from. Default: what the system trusts.",
            HelpName = "file",
        };
        var proxy = new Option<Uri?>("--proxy")
        {
            Description = "The proxy on the way to the relay. Default: what HTTPS_PROXY and its like or the system say.",
            HelpName = "url",
            CustomParser = result => Addresses.ParseProxy(result.Tokens.Single().Value, result.AddError),
        };
        var retry = new Option<bool>("--retry")
        {
            Description = "Go on trying for ever. Default: give up at the start after 3 seconds without the local server, or 10 without the relay.",
        };
        var qr = new Option<bool>("--qr")
        {
            Description = "Show the public URL as a QR code. Default: on a terminal with room for it, if the URL does not lead to this machine.",
        };
        var noQr = new Option<bool>("--no-qr") { Description = "Show no QR code." };
        var json = JsonOption.Create();
        var command = new DocumentedCommand("http", "Shares a local HTTP server and prints its public URL and a line for each request.")
        {
            Sections = [_examples, _json, HelpSection.ExitCodes],
            Arguments = { target },
            Options = { relay, slug, host, certificate, key, relayKey, authorities, proxy, retry, qr, noQr, json },
        };
        command.SetAction((parsed, cancellationToken) => ShareApp.RunAsync(
            new ShareSettings(parsed.GetRequiredValue(target), parsed.GetRequiredValue(relay))
            {
                Slug = parsed.GetValue(slug),
                Host = parsed.GetValue(host),
                Certificate = parsed.GetValue(certificate),
                KeyFile = parsed.GetValue(key)?.FullName,
                RelayKey = parsed.GetValue(relayKey),
                CertificateAuthorities = parsed.GetValue(authorities)?.FullName,
                Proxy = parsed.GetValue(proxy),
                Retry = parsed.GetValue(retry),
                Qr = parsed.GetValue(noQr) ? false : parsed.GetValue(qr) ? true : null,
                Json = parsed.GetValue(json),
            },
            terminal,
            cancellationToken));
        return command;
    }
}
