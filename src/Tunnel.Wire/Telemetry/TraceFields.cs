using System.Diagnostics;
using System.Text;

namespace Tunnel.Wire.Telemetry;

/// <summary>
/// The header lines that carry a trace on to the next hop, in place of those that a request came with: what a proxy that takes part in a
/// trace does (W3C Trace Context section 3.4). Made once for a request, however often it is sent.
/// </summary>
internal sealed class TraceFields
{
    private readonly List<KeyValuePair<string, string>> _lines = [];
    private readonly IReadOnlyCollection<string> _names = [];

    /// <param name="activity">What the next hop's work belongs to.</param>
    public TraceFields(Activity activity)
    {
        var propagator = DistributedContextPropagator.Current;
        propagator.Inject(activity, _lines, static (lines, name, value) =>
        {
            // A visitor's tracestate goes through an activity unchecked, and must not fail the request here.
            if (Ascii.IsValid(value) && !value.AsSpan().ContainsAnyInRange('\0', '\x1F'))
            {
                ((List<KeyValuePair<string, string>>)lines!).Add(new(name, value));
            }
        });
        if (_lines.Count > 0)
        {
            _names = propagator.Fields;
        }
    }

    public IReadOnlyList<KeyValuePair<string, string>> Lines => _lines;

    /// <summary>Whether the request's own lines with this name are left out.</summary>
    public bool Replace(string name)
    {
        foreach (var field in _names)
        {
            if (field.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
