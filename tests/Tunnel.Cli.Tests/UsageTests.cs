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
    [InlineData("http 7080", "Option '--relay' is required.")]
    [InlineData("http 7080 --relay http://relay.test --nonsense", "Unrecognized command or argument '--nonsense'.")]
    [InlineData("relay --urls 6100", "'6100' is not an address to listen on: write for example --urls http://127.0.0.1:6100.")]
    [InlineData("relay --urls http://127.0.0.1:70000", "'http://127.0.0.1:70000' is not an address to listen on: write for example --urls http://127.0.0.1:6100.")]
    [InlineData("relay --public-url relay.test", "'relay.test' is not an origin: write for example --public-url https://tunnel.example.com, with no path behind it.")]
    [InlineData("", "Required command was not provided.")]
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
    public async Task HelpListsEveryExitCode(string line)
    {
        var run = await CommandRun.OfAsync(line.Split(' '));

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.All(ExitCode.All, code => Assert.Contains($"  {code.Code}  {code.Meaning}", run.Output, StringComparison.Ordinal));
        Assert.Contains("  tunnel ", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Errors);
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
