using System.Diagnostics;

namespace Tunnel.Integration.Tests.Telemetry;

/// <summary>What docs/telemetry.md says that relay and agent tell: its tables of activities and instruments hold what tests have seen.</summary>
internal static class TelemetryTable
{
    private static readonly Dictionary<string, string[]> Rows = Read();

    public static void AssertActivities(IEnumerable<Activity> activities)
    {
        foreach (var activity in activities.Where(activity => activity.Source.Name.StartsWith("Tunnel.", StringComparison.Ordinal)))
        {
            var cells = Row(activity.OperationName);
            Assert.Equal(activity.Kind.ToString().ToLowerInvariant(), cells[1]);
            AssertTags(activity.OperationName, cells[2], activity.TagObjects.Select(tag => tag.Key));
        }
    }

    public static void AssertInstrument(string name, IEnumerable<string> tags) => AssertTags(name, Row(name)[2], tags);

    private static void AssertTags(string name, string documented, IEnumerable<string> tags)
    {
        foreach (var tag in tags)
        {
            Assert.True(documented.Contains($"`{tag}`", StringComparison.Ordinal), $"docs/telemetry.md does not list the tag {tag} of {name}.");
        }
    }

    private static string[] Row(string name) =>
        Rows.TryGetValue(name, out var cells) ? cells : throw new InvalidOperationException($"docs/telemetry.md does not list {name}.");

    private static Dictionary<string, string[]> Read() => new[] { "## Traces", "## Meters" }
        .SelectMany(heading => DocumentTable.Rows("docs/telemetry.md", heading))
        .ToDictionary(cells => cells[0].Trim('`'), StringComparer.Ordinal);
}
