using System.Reflection;
using Tunnel.Agent;
using Tunnel.Relay;

namespace Tunnel.Packages.Tests;

/// <summary>A package that apps reference: its assembly and its project's folder.</summary>
internal sealed record Package(string Name, Assembly Assembly, Type Options, string Section)
{
    public static Package Relay { get; } =
        new("Tunnel.Relay", typeof(TunnelRelayOptions).Assembly, typeof(TunnelRelayOptions), TunnelRelayOptions.SectionName);

    public static Package Agent { get; } =
        new("Tunnel.Agent", typeof(TunnelAgentOptions).Assembly, typeof(TunnelAgentOptions), TunnelAgentOptions.SectionName);

    public static IReadOnlyList<Package> All { get; } = [Relay, Agent];

    public static TheoryData<string> Names { get; } = [.. All.Select(package => package.Name)];

    public static Package Named(string name) => All.Single(package => package.Name == name);

    /// <summary>A file beside the package's project.</summary>
    public string File(string name) => Repository.File("src", Name, name);
}
