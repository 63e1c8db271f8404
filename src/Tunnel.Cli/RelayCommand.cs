using System.CommandLine;
using System.Net;
using Tunnel.Cli.Arguments;
using Tunnel.Cli.Help;
using Tunnel.Cli.Output;
using Tunnel.Cli.Relaying;

namespace Tunnel.Cli;

/// <summary><c>tunnel relay</c>: runs a relay.</summary>
internal static class RelayCommand
{
    private static readonly HelpSection _examples = new("Examples",
    [
        "tunnel relay --development                                         for trying out, on this machine alone",
        "tunnel relay --development --domain localhost                      the same, with tunnels at http://demo.localhost:6100",
        "tunnel relay --urls http://0.0.0.0:6100 \\",
        "             --public-url http://192.168.1.20:6100 \\",
        "             --authorized-key ed25519:…                            for phones in the same network: this machine's address",
        "tunnel relay --public-url https://tunnel.example.com \\",
        "             --authorized-key ed25519:… --trusted-proxy 127.0.0.1  behind a reverse proxy with TLS on the same machine",
        "tunnel relay --public-url https://tunnel.example.com \\",
        "             --domain tunnel.example.com                           a subdomain for each tunnel",
    ]);

    private static readonly HelpSection _settings = new("Other settings",
    [
        "Environment variables set what has no option, for example Tunnel__Relay__ResumeGrace=00:01:00.",
    ]);

    private static readonly HelpSection _json = new("Events of --json (each has event and time; fields may be added; the log goes to standard error)",
    [
        "listening  urls, relay         the relay is up; relay is the address for agents",
        "state      state               stopping",
        "omitted    count               so many events are left out, because nothing took those before them",
        "error      exitCode, message   the last event of a command that fails",
    ]);

    public static Command Create(Terminal terminal)
    {
        var urls = new Option<string[]>("--urls")
        {
            Description = "The addresses to listen on, separated by semicolons. Can be given again.",
            HelpName = "addresses",
            CustomParser = result => [.. result.Tokens.SelectMany(token => Addresses.ParseListen(token.Value, result.AddError))],
            DefaultValueFactory = _ => [Addresses.DefaultListen],
        };
        var publicUrl = new Option<Uri?>("--public-url")
        {
            Description = "The origin that agents and visitors use, for example https://tunnel.example.com.",
            HelpName = "url",
            CustomParser = result => Addresses.ParsePublicUrl(result.Tokens.Single().Value, result.AddError),
        };
        var domain = new Option<string?>("--domain")
        {
            Description = "Serve tunnels on this domain's subdomains as well, for example tunnel.example.com.",
            HelpName = "name",
        };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "The folder for the relay's state.",
            HelpName = "folder",
            DefaultValueFactory = _ => new DirectoryInfo(RelayApp.DefaultDataDirectory),
        };
        var keys = new Option<string[]>("--authorized-key")
        {
            Description = "A key that may connect, as 'tunnel http' prints it when it is refused. Can be given again.",
            HelpName = "key",
            DefaultValueFactory = _ => [],
        };
        var trustedProxies = new Option<IPNetwork[]>("--trusted-proxy")
        {
            Description = "A proxy in front, as an address or a network such as 10.0.0.0/8, whose X-Forwarded headers count. Can be given again.",
            HelpName = "address",
            CustomParser = result => [.. result.Tokens.Select(token => Addresses.ParseNetwork(token.Value, result.AddError))],
            DefaultValueFactory = _ => [],
        };
        var errorPages = new Option<DirectoryInfo?>("--error-pages")
        {
            Description = "A folder with pages for visitors whose tunnel cannot answer: error.html, or 404.html, 502.html and so on.",
            HelpName = "folder",
        };
        var development = new Option<bool>("--development")
        {
            Description = "Development environment; agents on this machine need no registration.",
        };
        var json = JsonOption.Create();
        var command = new DocumentedCommand("relay", "Runs a relay: the public side of tunnels.")
        {
            Sections = [_examples, _settings, _json, HelpSection.ExitCodes],
            Options = { urls, publicUrl, domain, data, keys, trustedProxies, errorPages, development, json },
        };
        command.SetAction((parsed, cancellationToken) => RelayApp.RunAsync(
            new RelaySettings(
                parsed.GetValue(urls)!,
                parsed.GetValue(publicUrl),
                parsed.GetValue(domain),
                parsed.GetValue(data)!.FullName,
                parsed.GetValue(keys)!,
                parsed.GetValue(trustedProxies)!,
                parsed.GetValue(errorPages)?.FullName,
                parsed.GetValue(development),
                parsed.GetValue(json)),
            terminal,
            cancellationToken));
        return command;
    }
}
