using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Tunnel.Cli.Output;

/// <summary>
/// Events for scripts: one JSON object a line, with <c>event</c> and <c>time</c> (UTC) in front. Names keep their meaning; new events and
/// fields may be added.
/// </summary>
internal sealed class JsonEvents
{
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    public JsonEvents(Terminal terminal, TimeProvider time)
    {
        (_terminal, _time) = (terminal, time);
        terminal.Omission = count => Line("omitted", json => json.WriteNumber("count", count));
    }

    public void Write(string name, Action<Utf8JsonWriter> writeFields) => _terminal.Say(Line(name, writeFields));

    /// <summary>Writes that the command fails, which is its last event.</summary>
    public void Error(int exitCode, string message) => Write("error", json =>
    {
        json.WriteNumber("exitCode", exitCode);
        json.WriteString("message", message);
    });

    public void State(string state) => Write("state", json => json.WriteString("state", state));

    public static void WriteUrls(Utf8JsonWriter json, string field, IEnumerable<string> urls)
    {
        json.WriteStartArray(field);
        foreach (var url in urls)
        {
            json.WriteStringValue(url);
        }

        json.WriteEndArray();
    }

    /// <summary>The name of an enumeration's value as scripts see it, for example <c>link_lost</c>.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private string Line(string name, Action<Utf8JsonWriter> writeFields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        // The default encoder leaves nothing but printable ASCII, whatever a visitor has written.
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("event", name);
            writer.WriteString("time", _time.GetUtcNow().UtcDateTime);
            writeFields(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
