using System.Text.Json;
using Tunnel.BenchPeers;
using Tunnel.BenchPeers.Fleet;
using Tunnel.BenchPeers.Links;
using Tunnel.BenchPeers.Soak;

const string Usage = """
    yarp     --urls URL --to URL                          a reverse proxy without a tunnel
    link     --kind upgraded|websocket                    one link between an agent's dialer and Kestrel, with nothing on it
    download --url URL --bytes N                          GET, one stream, checked against the pattern
    upload   --url URL --bytes N                          POST, one stream, checked against the count that is answered
    ws-echo  --url URL --connections N --seconds N        64-byte messages, one under way on each connection
    beside   --url-small URL --url-bulk URL --seconds N   small requests one after another while 4 bulk downloads run
    small    --url URL --seconds N                        the same with nothing beside them
    stalled  --url URL --readers N --rate N --seconds N   endless downloads read at N bytes a second each; says 'standing' when they are
    stream   --url URL --direction down|up --seconds N --skip N
                                                          one endless stream, checked; its rate with and without the first seconds
    path     --to PORT --delay-ms N --rate N              a proxy that delays each way, at N bytes a second if not 0; says its port
    dead     --relay URL --slug NAME --seconds N          a proxy whose link goes dead during a download; says its port, see DeadLink
    fleet    --relay URL --agents N --credentials FILE    agents that stay connected; says how many are, see FleetRun
    live     --relay URL --tunnels N --rate N --file FILE visitors of a fleet's first tunnels, N a second in all; see LiveTraffic
    soak     --relay URL --agents MODE=URL,... [...]      checked traffic on links that are cut at random; see scripts/soak.fsx
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
            return Print(await LinkAlone.MeasureAsync(arguments["kind"] == "websocket"));
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
        case "small":
            return Print(SmallRequests.Measure(new Uri(arguments["url"]), TimeSpan.FromSeconds(arguments.Number("seconds", 5))));
        case "stalled":
            return Print(new StalledReaders(
                new Uri(arguments["url"]), (int)arguments.Number("readers", 1000), (int)arguments.Number("rate", 2000))
                .Run(TimeSpan.FromSeconds(arguments.Number("seconds", 30))));
        case "stream":
            return Print(TimedStream.Measure(
                new Uri(arguments["url"]),
                arguments["direction"] == "up",
                TimeSpan.FromSeconds(arguments.Number("seconds", 15)),
                TimeSpan.FromSeconds(arguments.Number("skip", 3))));
        case "path":
            await SlowPath.RunAsync(
                (int)arguments.Number("to", 0), TimeSpan.FromMilliseconds(arguments.Number("delay-ms", 50)), (int)arguments.Number("rate", 0));
            return 0;
        case "dead":
            return Print(await DeadLink.MeasureAsync(
                new Uri(arguments["relay"]), arguments["slug"], TimeSpan.FromSeconds(arguments.Number("seconds", 5))));
        case "fleet":
            await new FleetRun(arguments).RunAsync();
            return 0;
        case "live":
            await new LiveTraffic(
                new Uri(arguments["relay"]), (int)arguments.Number("tunnels", 50), (int)arguments.Number("rate", 200), arguments["file"]).RunAsync();
            return 0;
        case "soak":
            return Print(await new SoakRun(arguments).RunAsync());
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
