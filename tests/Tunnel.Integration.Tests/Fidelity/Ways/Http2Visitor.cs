using Tunnel.Integration.Tests.Fixtures;

namespace Tunnel.Integration.Tests.Fidelity.Ways;

/// <summary>Sends requests one after another, each on a stream of its own, on one connection while the server keeps it.</summary>
internal sealed class Http2Visitor(Way way) : IDisposable
{
    private RawHttp2? _connection;
    private int _stream;

    /// <summary>The answer, less what may differ, or how there was none.</summary>
    public async Task<string> OutcomeAsync(string target)
    {
        if (_connection is null)
        {
            _connection = await RawHttp2.OpenAsync(way.Url);
            _stream = -1;
        }

        await _connection.SendHeadAsync(_stream += 2, end: true, RawHttp2.Fields("GET", way, target));
        var (status, body) = await _connection.ReadStreamAsync(_stream).Soon();
        if (status.Contains("closed", StringComparison.Ordinal))
        {
            Dispose();
        }

        return Allowed.Of(new RawResponse(status, 200, []) { Body = body });
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
