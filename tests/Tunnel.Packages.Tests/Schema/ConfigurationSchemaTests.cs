using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tunnel.Packages.Tests.Schema;

/// <summary>What editors offer in <c>appsettings.json</c> is what the options are.</summary>
public sealed class ConfigurationSchemaTests
{
    public const string FileName = "ConfigurationSchema.json";

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [MemberData(nameof(Package.Names), MemberType = typeof(Package))]
    public void File_IsTheOptionsSchema(string name)
    {
        var package = Package.Named(name);
        ApprovedFile.Check(package.File(FileName), OptionsSchema.Of(package).ToJsonString(Readable).ReplaceLineEndings("\n") + "\n");
    }

    [Theory]
    [MemberData(nameof(Package.Names), MemberType = typeof(Package))]
    public void EverySetting_IsExplainedWithItsDefault(string name)
    {
        var package = Package.Named(name);
        var docs = new XmlDocs(package.Assembly);
        var silent =
            from type in package.Assembly.GetExportedTypes()
            where type.Name.EndsWith("Options", StringComparison.Ordinal)
            from property in type.GetProperties()
            where docs.Of(property, "summary").Length == 0
                || (property.CanWrite && !docs.Of(property, "value").StartsWith("Default: ", StringComparison.Ordinal))
            select $"{type.Name}.{property.Name}";
        Faults.None(silent);
    }

    [Fact]
    public void SamplesSettings_AreValid()
    {
        var files = Directory.GetFiles(Repository.File("samples"), "appsettings*.json", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        Assert.NotEmpty(files);
        Faults.None(files.SelectMany(file => Errors(File.ReadAllText(file)).Select(error => $"{file}: {error}")));
    }

    [Theory]
    [InlineData("""{"Tunnel":{"Relay":{"Publicurl":"https://hub.example.com"}}}""", "$.Tunnel.Relay.Publicurl is no setting")]
    [InlineData("""{"Tunnel":{"Relay":{"ResumeGrace":"15 seconds"}}}""", "does not match")]
    [InlineData("""{"Tunnel":{"Relay":{"Slugs":{"Policy":"Some"}}}}""", "it can be")]
    [InlineData("""{"Tunnel":{"Agent":{"Tunnels":[{"Slugs":"a"}]}}}""", "$.Tunnel.Agent.Tunnels[0].Slugs is no setting")]
    public void Mistakes_AreFound(string json, string error) => Assert.Contains(error, string.Join('\n', Errors(json)));

    /// <summary>What the schemas of all packages say about an app's settings.</summary>
    internal static IEnumerable<string> Errors(string appsettings)
    {
        var document = JsonNode.Parse(appsettings, documentOptions: new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return Package.All
            .SelectMany(package => SchemaCheck.Errors(document, OptionsSchema.Of(package)))
            .Distinct();
    }
}
