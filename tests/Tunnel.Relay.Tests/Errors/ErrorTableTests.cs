using System.Reflection;
using Tunnel.Relay.Errors;

namespace Tunnel.Relay.Tests.Errors;

public sealed class ErrorTableTests
{
    [Fact]
    public void Readme_lists_every_error_with_its_status_and_its_retry_time()
    {
        var rows = File.ReadLines(Path.Combine(Root(), "README.md"))
            .SkipWhile(line => line != "## Errors")
            .SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal))
            .Skip(1)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => (cells[1], cells[2], cells[4]));

        Assert.Equal(
            RelayError.All.Select(error => (
                $"{error.Status}", $"`{error.Code}`", error.RetryAfterSeconds is { } seconds ? $"{seconds} s" : "–")),
            rows);
    }

    [Fact]
    public void All_has_every_error()
    {
        var declared = typeof(RelayError).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.FieldType == typeof(RelayError))
            .Select(field => (RelayError)field.GetValue(null)!)
            .ToHashSet();

        Assert.Equal(declared, RelayError.All.ToHashSet());
        Assert.Equal(declared.Count, declared.Select(error => error.Code).Distinct().Count());
        Assert.DoesNotContain("about:blank", declared.Select(error => error.Type));
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TunnelMiddleware.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder.FullName;
    }
}
