using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>Asks the same by a way and by its direct one, and gathers every difference before it fails.</summary>
/// <param name="way">The tunnelled way.</param>
/// <param name="keepsConnections">Whether one request follows another on the same connection; not for apps that break theirs.</param>
internal sealed class Comparison(Way way, bool keepsConnections = true) : IDisposable
{
    private readonly Visitor _direct = new(way.Direct!);
    private readonly Visitor _tunnelled = new(way);
    private readonly List<string> _differences = [];
    private int _count;

    /// <param name="request">The request's bytes as Latin-1, which may differ by prefix and host.</param>
    /// <param name="what">Names the case where <paramref name="request"/> does not.</param>
    /// <param name="forget">How lines begin that may differ in this case.</param>
    public async Task AskAsync(Func<Way, string> request, string? what = null, string? forget = null)
    {
        var direct = await _direct.OutcomeAsync(request(_direct.Way));
        var tunnelled = await _tunnelled.OutcomeAsync(request(way));
        if (!keepsConnections)
        {
            Dispose();
        }

        Check(what ?? request(_direct.Way).Split("\r\n")[0], Without(direct, forget), Without(tunnelled, forget));
    }

    /// <summary>The same for all that is sent on one connection; see <see cref="Visitor.ConverseAsync"/>.</summary>
    public async Task ConverseAsync(Func<Way, string> requests, string what, string? forget = null)
    {
        var direct = await _direct.ConverseAsync(requests(_direct.Way));
        var tunnelled = await _tunnelled.ConverseAsync(requests(way));
        Check(what, Without(Joined(direct), forget), Without(Joined(tunnelled), forget));
    }

    public Task AskAsync(string method, string target, params string[] headers) => AskAsync(to => to.Head(method, target, headers));

    public void Check(string what, string direct, string tunnelled)
    {
        _count++;
        if (direct != tunnelled)
        {
            var (left, right) = (direct.Split('\n'), tunnelled.Split('\n'));
            _differences.Add(string.Join("\n    ",
                [what[..Math.Min(what.Length, 200)], .. left.Except(right).Select(line => $"- {line}"), .. right.Except(left).Select(line => $"+ {line}")]));
        }
    }

    /// <summary>Fails with all differences; <c>-</c> is what the direct way gave, <c>+</c> what the tunnel gave instead.</summary>
    public void AssertSame() =>
        Assert.True(_differences.Count == 0 && _count > 0, $"{way}: {_differences.Count} of {_count} differ.\n{string.Join('\n', _differences.Take(40))}");

    public void Dispose()
    {
        _direct.Dispose();
        _tunnelled.Dispose();
    }

    private static string Joined(List<RawResponse> responses) => string.Join("\n", responses.Select(Allowed.Of));

    private static string Without(string outcome, string? beginning) => beginning is null
        ? outcome
        : string.Join('\n', outcome.Split('\n').Where(line => !line.StartsWith(beginning, StringComparison.Ordinal)));
}
