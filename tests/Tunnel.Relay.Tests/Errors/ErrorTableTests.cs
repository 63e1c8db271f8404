using System.Reflection;
using Tunnel.Relay.Errors;

namespace Tunnel.Relay.Tests.Errors;

public sealed class ErrorTableTests
{
    [Fact]
    public void Document_lists_every_error_with_its_status_and_its_retry_time()
    {
        var rows = DocumentTable.Rows("docs/errors.md", "## Errors").Select(cells => (cells[0], cells[1], cells[3]));

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
}
