using System.CommandLine;

namespace Tunnel.Cli;

/// <summary><c>tunnel http</c>: shares a local server under a public URL.</summary>
internal static class HttpCommand
{
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
            Description = "The public name to ask for. Default: the relay chooses one and keeps it for this machine's key.",
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
        var retry = new Option<bool>("--retry")
        {
            Description = "Go on trying for ever where the command would otherwise give up at the start.",
        };
        var command = new Command("http", "Shares a local HTTP server and prints its public URL.")
        {
            target, relay, slug, host, certificate, key, retry,
        };
        command.SetAction((parsed, cancellationToken) => ShareApp.RunAsync(
            new ShareSettings(
                parsed.GetRequiredValue(target),
                parsed.GetRequiredValue(relay),
                parsed.GetValue(slug),
                parsed.GetValue(host),
                parsed.GetValue(certificate),
                parsed.GetValue(key)?.FullName,
                parsed.GetValue(retry)),
            terminal,
            cancellationToken));
        return command;
    }
}
