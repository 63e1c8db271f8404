/// What the tunnel does, in memory: relay and devices run on test servers, and no port is opened.
///
///     dotnet fsi scripts/scenarios.fsx
///
/// A line for each scenario; ends with `N passed, N failed`, and exit code 1 if anything failed.
#if !STAGE2
#load "lib/InMemory.fsx"

InMemory.relaunch (System.IO.Path.Combine(__SOURCE_DIRECTORY__, __SOURCE_FILE__))
#else

open System
open System.Diagnostics
open System.IO
open System.Net
open System.Net.Http
open System.Net.WebSockets
open System.Text
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.TestHost
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Tunnel.Agent
open Tunnel.Relay

let limit = TimeSpan.FromSeconds 20.

let expect what (expected: 'a) (actual: 'a) =
    if expected <> actual then failwithf "%s: expected %A, got %A" what expected actual

/// What a scenario has started; it ends in the opposite order, devices before their relay.
type World() =
    let apps = Collections.Generic.Stack<WebApplication>()
    let folder = Directory.CreateTempSubdirectory "tunnel-scenario-"

    member _.Path name = Path.Combine(folder.FullName, name)

    member _.Start(build: WebApplicationBuilder -> unit, routes: WebApplication -> unit) =
        task {
            let builder = WebApplication.CreateBuilder(WebApplicationOptions(EnvironmentName = "Development"))
            builder.Logging.ClearProviders() |> ignore
            builder.WebHost.UseTestServer() |> ignore
            build builder
            let app = builder.Build()
            apps.Push app
            routes app
            do! app.StartAsync()
            return app
        }

    member _.End() =
        task {
            while apps.Count > 0 do
                do! apps.Pop().DisposeAsync()

            folder.Delete(recursive = true)
        }

let startRelay (world: World) (configure: TunnelRelayOptions -> unit) =
    world.Start(
        (fun builder ->
            builder.Services.AddTunnelRelay(fun o ->
                o.DataDirectory <- world.Path "relay"
                o.DevelopmentEnrolment <- true
                configure o)
            |> ignore),
        (fun app ->
            app.UseTunnelRelay() |> ignore
            app.MapGet("/", Func<string>(fun () -> "the hub itself")) |> ignore)
    )

/// A device's routes: something to read, to send, and to talk to.
let deviceRoutes (name: string) (app: WebApplication) =
    app.UseWebSockets() |> ignore
    app.MapGet("/", Func<string>(fun () -> $"Hello from {name}")) |> ignore
    app.MapGet("/base", Func<HttpContext, string>(fun context -> $"{context.Request.PathBase}|{context.Request.Path}")) |> ignore

    app.MapGet(
        "/count/{bytes:int}",
        Func<HttpContext, int, Task>(fun context bytes ->
            task {
                let piece = Array.create 10_000 42uy
                let mutable left = bytes

                while left > 0 do
                    let size = min left piece.Length
                    do! context.Response.Body.WriteAsync(piece.AsMemory(0, size))
                    left <- left - size
            })
    )
    |> ignore

    // Never ends by itself; the app's TaskCompletionSource says that the visitor has left.
    app.MapGet(
        "/drip",
        Func<HttpContext, Task>(fun context ->
            task {
                do! context.Response.WriteAsync "drop"
                do! context.Response.Body.FlushAsync()
                use _ = context.RequestAborted.Register(fun () -> app.Services.GetRequiredService<TaskCompletionSource>().TrySetResult() |> ignore)
                do! Task.Delay(limit, context.RequestAborted)
            })
    )
    |> ignore

    app.MapPost(
        "/measure",
        Func<HttpContext, Task>(fun context ->
            task {
                let buffer = Array.zeroCreate<byte> 16384
                let mutable total = 0
                let mutable reading = true

                while reading do
                    let! read = context.Request.Body.ReadAsync(buffer.AsMemory())
                    total <- total + read
                    reading <- read > 0

                do! context.Response.WriteAsync(string total)
            })
    )
    |> ignore

    app.MapGet(
        "/echo",
        Func<HttpContext, Task>(fun context ->
            task {
                use! socket = context.WebSockets.AcceptWebSocketAsync()
                let buffer = Array.zeroCreate<byte> 4096
                let mutable talking = true

                while talking do
                    let! message = socket.ReceiveAsync(ArraySegment buffer, CancellationToken.None)

                    if message.MessageType = WebSocketMessageType.Close then
                        do! socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None)
                        talking <- false
                    else
                        let piece = ArraySegment(buffer, 0, message.Count)
                        do! socket.SendAsync(piece, message.MessageType, message.EndOfMessage, CancellationToken.None)
            })
    )
    |> ignore

/// A device app whose agent dials the relay in memory. Devices with the same key file belong to the same owner.
let startDevice (world: World) (relay: WebApplication) (slug: string) (keyFile: string) =
    world.Start(
        (fun builder ->
            builder.Services.AddSingleton<TaskCompletionSource>() |> ignore

            builder.Services.AddTunnelAgent(
                "http://localhost",
                fun o ->
                    o.Slug <- slug
                    o.CredentialsFile <- world.Path keyFile

                    o.Connect <-
                        fun uri subprotocol stop ->
                            let client = relay.GetTestServer().CreateWebSocketClient()
                            client.SubProtocols.Add subprotocol
                            client.ConnectAsync(uri, stop)
            )
            |> ignore),
        deviceRoutes slug
    )

let agentOf (device: WebApplication) = device.Services.GetRequiredService<ITunnelAgent>()

let connected (device: WebApplication) = (agentOf device).WaitUntilConnectedAsync().WaitAsync limit

/// Waits until the device's agent has been refused, and says why.
let refusal (device: WebApplication) =
    task {
        let agent = agentOf device
        let clock = Stopwatch.StartNew()

        while isNull agent.LastFailure do
            if agent.State = TunnelAgentState.Connected then failwith "the agent was let in"
            if clock.Elapsed > limit then failwithf "no answer from the relay; the agent is %A" agent.State
            do! Task.Delay 20

        return agent.LastFailure.Reason
    }

let get (relay: WebApplication) (url: string) =
    task {
        use! response = relay.GetTestClient().GetAsync url
        let! body = response.Content.ReadAsStringAsync()
        return response.StatusCode, body
    }

let oneDevice (world: World) =
    task {
        let! relay = startRelay world ignore
        let! device = startDevice world relay "demo" "key.json"
        let! url = connected device
        return relay, device, url
    }

let registers world =
    task {
        let! _, device, url = oneDevice world
        expect "public URL" "http://localhost/t/demo/" url.AbsoluteUri
        expect "state" TunnelAgentState.Connected (agentOf device).State
    }

let randomSlug world =
    task {
        let! relay = startRelay world ignore
        let! device = startDevice world relay null "key.json"
        let! url = connected device
        let slug = url.AbsolutePath.Split('/')[2]
        expect "length of the slug" 8 slug.Length
        let! status, _ = get relay $"/t/{slug}/"
        expect "status" HttpStatusCode.OK status
    }

let routes world =
    task {
        let! relay, _, _ = oneDevice world
        let! answer = get relay "/t/demo/"
        expect "the device's page" (HttpStatusCode.OK, "Hello from demo") answer
        let! answer = get relay "/t/demo/base"
        expect "path base and path" (HttpStatusCode.OK, "/t/demo|/base") answer
        let! answer = get relay "/"
        expect "the hub's own page" (HttpStatusCode.OK, "the hub itself") answer
        let! status, _ = get relay "/t/demo/missing"
        expect "a page that the device has not" HttpStatusCode.NotFound status
    }

let streamsDown world =
    task {
        let! relay, _, _ = oneDevice world
        use! stream = relay.GetTestClient().GetStreamAsync "/t/demo/count/5000000"
        let buffer = Array.zeroCreate<byte> 65536
        let mutable total = 0
        let mutable reading = true

        while reading do
            let! read = stream.ReadAsync(buffer.AsMemory())
            if buffer.AsSpan(0, read).ContainsAnyExcept 42uy then failwith "a byte is not what the device sent"
            total <- total + read
            reading <- read > 0

        expect "bytes" 5_000_000 total
    }

let drips world =
    task {
        let! relay, device, _ = oneDevice world
        let! stream = relay.GetTestClient().GetStreamAsync "/t/demo/drip"
        let buffer = Array.zeroCreate<byte> 64
        let! read = stream.ReadAsync(buffer.AsMemory())
        expect "what has come so far" "drop" (Encoding.UTF8.GetString(buffer, 0, read))
        stream.Dispose()
        do! device.Services.GetRequiredService<TaskCompletionSource>().Task
    }

let streamsUp world =
    task {
        let! relay, _, _ = oneDevice world
        // With no length in front, so that the body has to go through as it comes.
        use request = new HttpRequestMessage(HttpMethod.Post, "/t/demo/measure")
        request.Content <- new StreamContent(new MemoryStream(Array.create 5_000_000 7uy))
        request.Headers.TransferEncodingChunked <- true
        use! response = relay.GetTestClient().SendAsync request
        let! counted = response.Content.ReadAsStringAsync()
        expect "bytes that the device counted" "5000000" counted
    }

let talks world =
    task {
        let! relay, _, _ = oneDevice world
        use! socket = relay.GetTestServer().CreateWebSocketClient().ConnectAsync(Uri "ws://localhost/t/demo/echo", CancellationToken.None)
        let buffer = Array.zeroCreate<byte> 256

        for text in [ "one"; "two"; "three" ] do
            do! socket.SendAsync(ArraySegment(Encoding.UTF8.GetBytes text), WebSocketMessageType.Text, true, CancellationToken.None)
            let! message = socket.ReceiveAsync(ArraySegment buffer, CancellationToken.None)
            expect "echo" text (Encoding.UTF8.GetString(buffer, 0, message.Count))

        do! socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None)
        expect "the device's closing words" "bye" socket.CloseStatusDescription
    }

let twoTenants world =
    task {
        let! relay = startRelay world (fun o -> o.Domain <- "tunnel.test")
        let! red = startDevice world relay "red" "red.json"
        let! _ = connected red
        let! blue = startDevice world relay "blue" "blue.json"
        let! _ = connected blue

        for slug in [ "red"; "blue" ] do
            let! answer = get relay $"http://{slug}.tunnel.test/"
            expect slug (HttpStatusCode.OK, $"Hello from {slug}") answer
    }

let unknownSlug world =
    task {
        let! relay, _, _ = oneDevice world
        let! status, _ = get relay "/t/nobody/"
        expect "status" HttpStatusCode.NotFound status
    }

let takenSlug world =
    task {
        let! relay = startRelay world (fun o -> o.Domain <- "tunnel.test")
        let! first = startDevice world relay "demo" "first.json"
        let! _ = connected first
        let! second = startDevice world relay "demo" "second.json"
        let! reason = refusal second
        expect "refusal" TunnelFailureReason.SlugTaken reason
        let! status, _ = get relay "http://demo.tunnel.test/"
        expect "the first device" HttpStatusCode.OK status
    }

let foreignKey world =
    task {
        let! relay = startRelay world (fun o -> o.DevelopmentEnrolment <- false)
        let! device = startDevice world relay "demo" "key.json"
        let! reason = refusal device
        expect "refusal" TunnelFailureReason.KeyRefused reason
        let! status, _ = get relay "/t/demo/"
        expect "status" HttpStatusCode.NotFound status
    }

let deviceLeaves world =
    task {
        let! relay, device, _ = oneDevice world
        do! device.StopAsync()
        let! status, _ = get relay "/t/demo/"
        expect "status" HttpStatusCode.BadGateway status
    }

let scenarios: (string * (World -> Task<unit>)) list =
    [ "an agent registers and gets its public URL", registers
      "an agent that names no slug gets a random one", randomSlug
      "visitors reach the device under its path, and the hub beside it", routes
      "a large response streams down", streamsDown
      "a response arrives while it is written, and the device notices when the visitor leaves", drips
      "a large request streams up", streamsUp
      "a WebSocket goes through both ways", talks
      "two owners have a subdomain each", twoTenants
      "an unknown slug is answered 404", unknownSlug
      "a slug that somebody else has is refused", takenSlug
      "a key that the relay does not know is refused", foreignKey
      "a device that has left is answered 502", deviceLeaves ]

let runScenario (name: string, scenario: World -> Task<unit>) =
    let clock = Stopwatch.StartNew()

    let world = World()

    let error =
        try
            try
                (scenario world).WaitAsync(limit).GetAwaiter().GetResult()
                None
            finally
                world.End().WaitAsync(limit).GetAwaiter().GetResult()
        with error ->
            Some error.Message

    match error with
    | None -> printfn "passed  %s (%d ms)" name clock.ElapsedMilliseconds
    | Some message -> printfn "FAILED  %s: %s" name message

    error.IsNone

let passed, failed = scenarios |> List.map runScenario |> List.partition id
printfn "%d passed, %d failed" passed.Length failed.Length
exit (if failed.IsEmpty then 0 else 1)
#endif
