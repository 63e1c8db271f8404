using System.Text.Json;

namespace Tunnel.Cli.Tests;

public sealed class UsageTests
{
    [Theory]
    [InlineData("http 99999 --relay http://relay.test", "99999 is not a port: ports go from 1 to 65535.")]
    [InlineData("http 0 --relay http://relay.test", "0 is not a port: ports go from 1 to 65535.")]
    [InlineData("http vite --relay http://relay.test", "'vite' is neither a port nor a URL: write for example 7080 or http://localhost:7080.")]
    [InlineData("http ftp://host --relay http://relay.test", "'ftp://host' is neither a port nor a URL: write for example 7080 or http://localhost:7080.")]
    [InlineData("http http://u:p@host --relay http://relay.test", "'http://u:p@host' is neither a port nor a URL: write for example 7080 or http://localhost:7080.")]
    [InlineData("http http://host:81/page --relay http://relay.test", "A whole server is shared, not a page of it: write http://host:81.")]
    [InlineData("http 7080 --relay relay.test", "'relay.test' is not a relay's address: write for example --relay https://tunnel.example.com, with no path behind it.")]
    [InlineData("http 7080 --relay http://relay.test/x", "'http://relay.test/x' is not a relay's address: write for example --relay https://tunnel.example.com, with no path behind it.")]
    [InlineData("http 7080", "Say which relay: --relay https://tunnel.example.com, or --relay http://127.0.0.1:6100 where 'tunnel relay --development' runs.")]
    [InlineData("http 7080 --relay http://relay.test --nonsense", "There is no option '--nonsense'.")]
    [InlineData("http 7080 --relai http://relay.test", "There is no option '--relai'. Did you mean '--relay'?")]
    [InlineData("http 7080 --rly=http://relay.test", "There is no option '--rly'. Did you mean '--relay'?")]
    [InlineData("relay --dev", "There is no option '--dev'. Did you mean '--development'?")]
    [InlineData("htpp 7080", "There is no command 'htpp'. Did you mean 'http'?")]
    [InlineData("http h2c://host/page --relay http://relay.test", "A whole server is shared, not a page of it: write h2c://host.")]
    [InlineData("http 7080 --relay http://relay.test --proxy user:pw@proxy", "The address of --proxy is not one: write for example --proxy http://proxy.example.com:3128.")]
    [InlineData("relay --urls 6100", "'6100' is not an address to listen on: write for example --urls http://127.0.0.1:6100.")]
    [InlineData("relay --urls http://127.0.0.1:70000", "'http://127.0.0.1:70000' is not an address to listen on: write for example --urls http://127.0.0.1:6100.")]
    [InlineData("relay --public-url relay.test", "'relay.test' is not an origin: write for example --public-url https://tunnel.example.com, with no path behind it.")]
    [InlineData("relay --urls http://127.0.0.1:0 --urls 6100", "'6100' is not an address to listen on: write for example --urls http://127.0.0.1:6100.")]
    [InlineData("http 7080 --relay http://relay.test --relay http://other.test", "Option '--relay' expects a single argument but 2 were provided.")]
    [InlineData("--json http 7080 --relay http://relay.test", "--json belongs behind the command: tunnel http --json.")]
    [InlineData("", "Say what to do: tunnel http or tunnel relay.")]
    public async Task WrongUsageIsOneSentenceAndExitCode2(string line, string sentence)
    {
        var run = await CommandRun.OfAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Equal(sentence, run.Errors.Split(Environment.NewLine)[0]);
        Assert.StartsWith("Help: tunnel ", run.Errors.Split(Environment.NewLine)[1], StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("relay --help")]
    [InlineData("http --help")]
    public async Task HelpHasExamplesAndEveryExitCode(string line)
    {
        var run = await CommandRun.OfAsync(line.Split(' '));

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.All(ExitCode.All, code => Assert.Contains($"  {code.Code}  {code.Meaning}", run.Output, StringComparison.Ordinal));
        Assert.Matches(@"Examples:\s+tunnel ", run.Output);
        Assert.Empty(run.Errors);
    }

    [Fact]
    public async Task VersionIsANumber()
    {
        var run = await CommandRun.OfAsync("--version");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+", run.Output);
    }

    [Fact]
    public async Task WrongUsageIsAnEventToo()
    {
        var run = await CommandRun.OfAsync("http", "99999", "--relay", "http://relay.test", "--json");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        var error = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal("99999 is not a port: ports go from 1 to 65535.", error.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("--certificate", "/nowhere/at/all.pem")]
    [InlineData("--relay-key", "nonsense")]
    public async Task WrongValueIsSaidByTheNameOfItsOption(string option, string value)
    {
        using var target = CommandRun.TakePort(out var port);

        var run = await CommandRun.OfAsync("http", $"https://127.0.0.1:{port}", "--relay", "http://127.0.0.1:1", option, value);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(option, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Tunnel:", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--domain", "a b")]
    [InlineData("--authorized-key", "nonsense")]
    [InlineData("--error-pages", "/nowhere/at/all")]
    public async Task WrongValueOfTheRelayIsSaidByTheNameOfItsOption(string option, string value)
    {
        var run = await CommandRun.OfAsync("relay", "--urls", "http://127.0.0.1:0", option, value);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(option, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Tunnel:", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RelayWhoseAddressIsInUseSaysSo()
    {
        using var taken = CommandRun.TakePort(out var port);

        var run = await CommandRun.OfAsync("relay", "--urls", $"http://127.0.0.1:{port}", "--data", Path.GetTempPath());

        Assert.Equal(ExitCode.AddressInUse, run.ExitCode);
        Assert.Equal(
            $"Another process listens on http://127.0.0.1:{port} already: end it, or choose another port with --urls.", run.Errors.TrimEnd());
    }

    [Fact]
    public async Task TargetThatIsDownSaysSo()
    {
        var port = CommandRun.FreePort();

        var run = await CommandRun.OfAsync("http", $"{port}", "--relay", "http://127.0.0.1:1");

        Assert.Equal(ExitCode.TargetDown, run.ExitCode);
        Assert.Equal(
            $"Nothing answers at http://127.0.0.1:{port}: start the local server first, or wait for it with --retry.", run.Errors.TrimEnd());
    }
}
