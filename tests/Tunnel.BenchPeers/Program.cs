using System.Text.Json;
using Tunnel.BenchPeers;

const string Usage = """
    yarp     --urls URL --to URL                          a reverse proxy without a tunnel
    link                                                  one WebSocket between ClientWebSocket and Kestrel, with nothing on it
    download --url URL --bytes N                          GET, one stream, checked against the pattern
    upload   --url URL --bytes N                          POST, one stream, checked against the count that is answered
    ws-echo  --url URL --connections N --seconds N        64-byte messages, one under way on each connection
    beside   --url-small URL --url-bulk URL --seconds N   small requests one after another while 4 bulk downloads run
    """;

try
{
    var arguments = new Arguments(args.Skip(1));
    switch (args.FirstOrDefault())
    {
        case "yarp":
            YarpProxy.Run(arguments["urls"], arguments["to"]);
            return 0;
        case "link":
            return Print(await Link.MeasureAsync());
        case "download":
            return Print(Bulk.Download(new Uri(arguments["url"]), arguments.Number("bytes", 1L << 30)));
        case "upload":
            return Print(Bulk.Upload(new Uri(arguments["url"]), arguments.Number("bytes", 1L << 30)));
        case "ws-echo":
            return Print(await WebSocketEcho.MeasureAsync(
                new Uri(arguments["url"]), (int)arguments.Number("connections", 64), arguments.Number("seconds", 5)));
        case "beside":
            return Print(Beside.Measure(
                new Uri(arguments["url-small"]), new Uri(arguments["url-bulk"]), arguments.Number("seconds", 5)));
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (Exception e) when (e is ArgumentException or IOException or System.Net.Sockets.SocketException or InvalidDataException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static int Print<T>(T result)
{
    Console.WriteLine(JsonSerializer.Serialize(result, JsonSerializerOptions.Web));
    return 0;
}
