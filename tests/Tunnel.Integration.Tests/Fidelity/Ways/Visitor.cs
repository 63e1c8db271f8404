using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>Sends requests one after another, on one connection while the server keeps it.</summary>
internal sealed class Visitor(Way way) : IDisposable
{
    private const string ClosedWithin = "closed within the answer";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private RawConnection? _connection;

    public Way Way => way;

    /// <summary>The answer, less what may differ, or how there was none.</summary>
    public async Task<string> OutcomeAsync(string request)
    {
        var outcome = await TryAsync(request);

        // A server that refuses and closes can, on a busy machine, lose its answer. The expectation must not be that.
        return way.Direct is null && outcome == ClosedWithin ? await TryAsync(request) : outcome;
    }

    /// <summary>
    /// All answers to what is sent on one connection, until the server closes it. The last request in it asks for that; a server that
    /// waits for more has taken it for something else.
    /// </summary>
    public async Task<List<RawResponse>> ConverseAsync(string requests)
    {
        using var connection = await RawConnection.OpenAsync(way.Url);
        var responses = new List<RawResponse>();
        try
        {
            await connection.SendAsync(requests);
            while (true)
            {
                responses.Add(await connection.ReadResponseAsync().Within(Patience));
            }
        }
        catch (IOException)
        {
            return responses;
        }
    }

    public async Task<RawResponse> AskAsync(string request)
    {
        _connection ??= await RawConnection.OpenAsync(way.Url);
        await _connection.SendAsync(request);
        var isHead = request.StartsWith("HEAD ", StringComparison.Ordinal);
        var response = await _connection.ReadResponseAsync(isHead).Within(Patience);
        if (response.Header("Connection") == "close")
        {
            Dispose();
        }

        return response;
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private async Task<string> TryAsync(string request)
    {
        try
        {
            return Allowed.Of(await AskAsync(request));
        }
        catch (Exception exception) when (exception is IOException or TimeoutException)
        {
            Dispose();
            return exception is TimeoutException ? "no answer in time" : ClosedWithin;
        }
    }
}
