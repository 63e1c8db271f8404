using System.Reflection;
using Tunnel.Packages.Tests.Programs;

namespace Tunnel.Packages.Tests.Trimming;

/// <summary>
/// Both packages in an app that is trimmed as far as it goes, or compiled ahead of time: publishing warns of nothing, and the app serves.
/// To leave these out of a quick run: <c>dotnet run --project tests/Tunnel.Packages.Tests -- -trait- Speed=slow</c>.
/// </summary>
public sealed class PublishedAppTests
{
    private const string Trimmed = """
        <PublishTrimmed>true</PublishTrimmed><TrimMode>full</TrimMode><PublishSingleFile>true</PublishSingleFile><SelfContained>true</SelfContained>
        <IsAotCompatible>true</IsAotCompatible><DynamicCodeSupport>false</DynamicCodeSupport>
        <JsonSerializerIsReflectionEnabledByDefault>false</JsonSerializerIsReflectionEnabledByDefault>
        <EnableRequestDelegateGenerator>true</EnableRequestDelegateGenerator>
        """;

    private const string AheadOfTime = "<PublishAot>true</PublishAot><OptimizationPreference>Size</OptimizationPreference>";

    [Fact]
    [Trait("Speed", "slow")]
    public Task TrimmedAppWithoutDynamicCode_PublishesWithoutWarningsAndServes() => PublishAndVisitAsync(Trimmed);

    [Fact]
    [Trait("Speed", "slow")]
    public Task AppCompiledAheadOfTime_PublishesWithoutWarningsAndServes()
    {
        if (!OperatingSystem.IsWindows() && !OnPath("clang") && !OnPath("gcc"))
        {
            Assert.Skip("Neither clang nor gcc is on the path, which compiling ahead of time needs to link.");
        }

        return PublishAndVisitAsync(AheadOfTime + (OnPath("clang") || OperatingSystem.IsWindows() ? "" : "<CppCompilerAndLinker>gcc</CppCompilerAndLinker>"));
    }

    [Theory]
    [MemberData(nameof(Package.Names), MemberType = typeof(Package))]
    public void Assembly_PromisesToBeTrimmable(string name)
    {
        var promises = Package.Named(name).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToDictionary(one => one.Key, one => one.Value);
        Assert.Equal("True", promises.GetValueOrDefault("IsTrimmable"));
    }

    [Fact]
    public void Source_SuppressesNoWarningOfTheTrimmer()
    {
        var suppressing = Directory.GetFiles(Repository.File("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(file) is var text
                && (text.Contains("UnconditionalSuppressMessage", StringComparison.Ordinal) || text.Contains("disable IL", StringComparison.Ordinal)));
        Faults.None(suppressing);
    }

    private static async Task PublishAndVisitAsync(string properties)
    {
        using var folder = new TempFolder();
        var app = await PublishedApp.PublishAsync(folder, properties);

        await using var hub = new RunningProgram(
            app, folder.Path, "--role", "hub", "--urls", "http://127.0.0.1:0", "--environment", "Development", "--Tunnel:Relay:DevelopmentEnrolment", "true");
        var relay = await hub.SaysAsync("URL:");
        await using var device = new RunningProgram(
            app, folder.Path, "--Tunnel:Agent:Relay", relay, "--Tunnel:Agent:CredentialsFile", folder.File("tunnel.json"),
            "--Tunnel:Agent:Services:hub:ForwardTo", relay);
        var url = new Uri(await device.SaysAsync("URL:"));

        using var visitor = new HttpClient();
        var inProcess = await visitor.GetStringAsync(url, TestContext.Current.CancellationToken);
        var forwarded = await visitor.GetStringAsync(new Uri(url, "/agents/device/hub/"), TestContext.Current.CancellationToken);
        Assert.Equal(("device, base /t/device, compiles False", "hub, base , compiles False"), (inProcess, forwarded));
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
