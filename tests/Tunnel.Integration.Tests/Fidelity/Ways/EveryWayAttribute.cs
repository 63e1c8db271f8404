using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>Runs a theory by every way, or by those named; with each of the further arguments, if there are any.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EveryWayAttribute(params object[] arguments) : DataAttribute
{
    /// <summary>Only the ways that forward to a target.</summary>
    public bool Forwarded { get; set; }

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        var ways = Enum.GetValues<Via>().Where(via => !Forwarded || via >= Via.ForwardedByPath);
        var rows = ways.SelectMany(via => arguments.Length == 0
            ? [new TheoryDataRow(via)]
            : arguments.Select(argument => new TheoryDataRow(via, argument)));
        return new(rows.ToArray<ITheoryDataRow>());
    }

    public override bool SupportsDiscoveryEnumeration() => true;
}
