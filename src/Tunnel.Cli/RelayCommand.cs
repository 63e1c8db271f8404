using System.CommandLine;
using System.Net;

namespace Tunnel.Cli;

/// <summary><c>tunnel relay</c>: runs a relay.</summary>
internal static class RelayCommand
{
    public static Command Create(Terminal terminal)
    {
        var urls = new Option<string[]>("--urls")
        {
            Description = "The addresses to listen on, separated by semicolons.",
            HelpName = "addresses",
            CustomParser = result => Addresses.ParseListen(result.Tokens.Single().Value, result.AddError),
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
        var command = new Command("relay", "Runs a relay.") { urls, publicUrl, domain, data, trustedProxies, errorPages, development };
        command.SetAction((parsed, cancellationToken) => RelayApp.RunAsync(
            new RelaySettings(
                parsed.GetValue(urls)!,
                parsed.GetValue(publicUrl),
                parsed.GetValue(domain),
                parsed.GetValue(data)!.FullName,
                parsed.GetValue(trustedProxies)!,
                parsed.GetValue(errorPages)?.FullName,
                parsed.GetValue(development)),
            terminal,
            cancellationToken));
        return command;
    }
}
