using Microsoft.Extensions.DependencyInjection;

namespace Tunnel.Packages.Tests.PublicApi;

/// <summary>No type, member or default becomes public, changes or disappears unseen.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [MemberData(nameof(Package.Names), MemberType = typeof(Package))]
    public void Surface_IsTheApprovedOne(string name)
    {
        var package = Package.Named(name);
        var file = package.File("PublicApi.txt");
        var reasons = File.Exists(file) ? ApiText.ReasonsIn(File.ReadAllText(file)) : [];
        ApprovedFile.Check(file, ApiText.Of(package.Assembly, reasons));
    }

    [Theory]
    [MemberData(nameof(Package.Names), MemberType = typeof(Package))]
    public void EveryPublicType_SaysWhyItIsPublic(string name)
    {
        var lines = File.ReadAllLines(Package.Named(name).File("PublicApi.txt"));
        var silent = lines.Select((line, i) => (line, i)).Where(pair => pair.line.Trim() == ApiText.Why.Trim()).Select(pair => lines[pair.i + 1].Trim());
        Assert.True(!silent.Any(), $"Say in one line of PublicApi.txt why these are public, or make them internal: {string.Join("; ", silent)}");
    }

    [Theory]
    [MemberData(nameof(Package.Names), MemberType = typeof(Package))]
    public void Surface_KeepsTheRulesOfALibraryThatGrows(string name)
    {
        var methods = Package.Named(name).Assembly.GetExportedTypes()
            .SelectMany(type => type.GetMethods().Where(method => method.DeclaringType == type));
        foreach (var method in methods)
        {
            var parameters = method.GetParameters();
            var token = Array.FindIndex(parameters, parameter => parameter.ParameterType == typeof(CancellationToken));
            Assert.True(token < 0 || token == parameters.Length - 1, $"{method}: the cancellation token comes last.");

            // An optional parameter cannot be added to later without breaking callers that are compiled already; an overload can.
            // Registrations of health checks have the shape that all of the framework's have.
            Assert.True(
                parameters is [{ ParameterType.Name: nameof(IHealthChecksBuilder) }, ..] || parameters.All(parameter => !parameter.IsOptional || parameter.ParameterType == typeof(CancellationToken)),
                $"{method}: write overloads in place of optional parameters.");
        }
    }
}
