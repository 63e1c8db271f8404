using Tunnel.Packages.Tests.Programs;

namespace Tunnel.Packages.Tests.Readmes;

/// <summary>The C# that users copy compiles: blocks in READMEs and docs, and examples in the documentation that the IDE shows.</summary>
public sealed class CSharpTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(80);

    [Fact]
    public async Task EveryBlockAndExample_Compiles()
    {
        using var folder = new TempFolder();
        var number = 0;
        foreach (var block in CodeBlock.All("csharp").Where(block => !block.IsExempt))
        {
            await WriteAsync(folder, Snippet.ToFile(block.Text, block.File, block.Line, ++number), number);
        }

        foreach (var (member, code) in Package.All.SelectMany(package => new XmlDocs(package.Assembly).Examples))
        {
            await WriteAsync(folder, Snippet.ToFile(code, $"example of {member}", 1, ++number), number);
        }

        Assert.True(number > 10, $"Only {number} pieces of C# were found.");
        await File.WriteAllTextAsync(folder.File("Snippets.csproj"), Project(), TestContext.Current.CancellationToken);
        var build = await FinishedProgram.DotnetAsync(folder.Path, Limit, "build", "--nologo", "-v", "q", "-nodeReuse:false");
        Assert.True(build.ExitCode == 0, build.Output);
    }

    [Theory]
    [InlineData("Tunnel.Relay", "M:Microsoft.AspNetCore.Builder.TunnelRelayApplicationBuilderExtensions.UseTunnelRelay(Microsoft.AspNetCore.Builder.IApplicationBuilder)")]
    [InlineData("Tunnel.Relay", "M:Microsoft.Extensions.DependencyInjection.TunnelRelayServiceCollectionExtensions.AddTunnelRelay(Microsoft.Extensions.DependencyInjection.IServiceCollection)")]
    [InlineData("Tunnel.Agent", "M:Microsoft.Extensions.DependencyInjection.TunnelAgentServiceCollectionExtensions.AddTunnelAgent(Microsoft.Extensions.DependencyInjection.IServiceCollection,System.String)")]
    [InlineData("Tunnel.Agent", "M:Microsoft.AspNetCore.Hosting.TunnelAgentWebHostBuilderExtensions.UseTunnelServer(Microsoft.AspNetCore.Hosting.IWebHostBuilder)")]
    [InlineData("Tunnel.Agent", "T:Tunnel.Agent.ITunnelAgent")]
    public void EntryPoint_HasAnExample(string package, string member) =>
        Assert.True(new XmlDocs(Package.Named(package).Assembly).HasExample(member));

    private static Task WriteAsync(TempFolder folder, string text, int number) =>
        File.WriteAllTextAsync(folder.File($"Snippet{number}.cs"), text, TestContext.Current.CancellationToken);

    private static string Project() => $"""
        <Project Sdk="Microsoft.NET.Sdk.Web">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <OutputType>Library</OutputType>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <UseSharedCompilation>false</UseSharedCompilation>
            <!-- Not every piece awaits. -->
            <NoWarn>CS1998</NoWarn>
          </PropertyGroup>
          <ItemGroup>
            {string.Concat(Package.All.Select(package => $"""<Reference Include="{package.Assembly.Location}" />"""))}
          </ItemGroup>
        </Project>
        """;
}
