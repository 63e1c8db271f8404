using System.CommandLine;

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
        var development = new Option<bool>("--development")
        {
            Description = "Development environment; agents on this machine need no registration.",
        };
        var command = new Command("relay", "Runs a relay.") { urls, publicUrl, domain, data, development };
        command.SetAction((parsed, cancellationToken) => RelayApp.RunAsync(
            new RelaySettings(
                parsed.GetValue(urls)!,
                parsed.GetValue(publicUrl),
                parsed.GetValue(domain),
                parsed.GetValue(data)!.FullName,
                parsed.GetValue(development)),
            terminal,
            cancellationToken));
        return command;
    }
}
