using System.Text.RegularExpressions;
using Tunnel.Packages.Tests.Programs;

namespace Tunnel.Packages.Tests.Trimming;

/// <summary>The app in the folder <c>App</c>, published against the assemblies of the packages for this machine.</summary>
internal static partial class PublishedApp
{
    private const string Name = "app";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(80);

    /// <returns>The path of the program.</returns>
    public static async Task<string> PublishAsync(TempFolder folder, string properties)
    {
        var references = Package.All.Select(package => $"""<Reference Include="{package.Assembly.Location}" />""");
        await File.WriteAllTextAsync(folder.File($"{Name}.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <UseCurrentRuntimeIdentifier>true</UseCurrentRuntimeIdentifier>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <!-- Every warning with its place, and not one for each assembly. -->
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <InvariantGlobalization>true</InvariantGlobalization>
                <UseSharedCompilation>false</UseSharedCompilation>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(references)}
              </ItemGroup>
            </Project>
            """);
        File.Copy(Repository.File("tests", "Tunnel.Packages.Tests", "Trimming", "App", "Program.cs"), folder.File("Program.cs"));
        var finished = await RunAsync(folder, "publish", "-c", "Release", "-o", folder.File("out"), "--nologo", "-v", "q", "-nodeReuse:false");
        Assert.True(finished.ExitCode == 0, finished.Output);
        return Path.Combine(folder.File("out"), OperatingSystem.IsWindows() ? $"{Name}.exe" : Name);
    }

    private static async Task<FinishedProgram> RunAsync(TempFolder folder, params string[] arguments)
    {
        try
        {
            var finished = await FinishedProgram.DotnetAsync(folder.Path, Limit, arguments);
            if (finished.ExitCode != 0 && Missing().Match(finished.Output) is { Success: true } missing)
            {
                Assert.Skip($"This machine cannot publish such an app: {missing.Value}");
            }

            return finished;
        }
        catch (TimeoutException)
        {
            Assert.Skip($"This machine was too busy to publish an app within {Limit.TotalSeconds:0} seconds.");
            throw;
        }
    }

    /// <summary>A package that no source has or that cannot be fetched, or no linker: what the machine lacks, and no fault of the packages.</summary>
    [GeneratedRegex("(NU1100|NU1101|NU1102|NU1301|Platform linker).*")]
    private static partial Regex Missing();
}
