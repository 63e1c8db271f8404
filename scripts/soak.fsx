// Lets visitors use tunnels whose links are cut all the time, and checks every byte:
//
//     dotnet fsi scripts/soak.fsx [-- --minutes 1 --cut-ms 400 --mode in-process|forwarding|both --visitors 12 --seed N --logs folder]
//
// Fails unless every exchange was right, no session was lost and memory stayed flat. With --logs the relay and the agents write what they
// do, at Debug, into files there.
#load "lib/Processes.fsx"
#load "lib/Machine.fsx"
#load "lib/SoakReport.fsx"

open System
open System.Collections.Generic
open System.Diagnostics
open System.Globalization
open System.IO
open System.Text.Json
open System.Threading
open Processes
open SoakReport

let options =
    scriptArguments ()
    |> List.chunkBySize 2
    |> List.map (function
        | [ ("--minutes" | "--cut-ms" | "--mode" | "--visitors" | "--seed" | "--logs") as name; value ] -> name, value
        | wrong ->
            eprintfn "Not understood: %s" (String.concat " " wrong)
            exit 2)
    |> Map

let option name otherwise = options.TryFind name |> Option.defaultValue otherwise
let minutes = Double.Parse(option "--minutes" "1", CultureInfo.InvariantCulture)
let cutMilliseconds = int (option "--cut-ms" "400")
let visitors = int (option "--visitors" "12")
let seed = int (option "--seed" (string (Random.Shared.Next 1_000_000)))
let logs = options.TryFind "--logs" |> Option.map (fun folder -> Directory.CreateDirectory(folder).FullName)

let modes =
    match option "--mode" "both" with
    | "both" -> [ "in-process"; "forwarding" ]
    | "in-process" | "forwarding" as mode -> [ mode ]
    | other ->
        eprintfn "No such mode: %s; there are in-process, forwarding and both" other
        exit 2

if not (File.Exists "/proc/stat") then
    eprintfn "Memory is read from /proc, so this needs Linux."
    exit 2

let startLimit = TimeSpan.FromSeconds 60.

/// Above the load's own bounds: the start, the run, an exchange's limit, the quiet at the end.
let wholeLimit = TimeSpan.FromMinutes(minutes + 4.)

let freeUrl () = $"http://127.0.0.1:{freePort ()}"

/// Starts a built dll; with --logs what it writes goes to a file of its own, of which there may be much.
let startDll name project (arguments: string list) environment =
    match logs with
    | Some folder ->
        let command = "log=$1; shift; exec \"$@\" > \"$log\" 2>&1"
        start name "/bin/sh" ([ "-c"; command; name; Path.Combine(folder, name + ".log"); dotnet; builtDll project ] @ arguments) environment
    | None -> start name dotnet (builtDll project :: arguments) environment

let startRelay () =
    let url = freeUrl ()
    let shared = [ ("Tunnel__Relay__AllowSharedOrigin", "true") ]
    let talkative = if logs.IsSome then [ ("Logging__LogLevel__Tunnel.Relay", "Debug") ] else []
    startDll "relay" "src/Tunnel.Cli" [ "relay"; "--urls"; url; "--development"; "--data"; temporaryFolder () ] (shared @ talkative), url

/// An app that is also an agent; with a key of its own, and a way to the relay that is cut.
let startAgent mode (url: string) (port: int) (forwardTo: string option) =
    let forward = forwardTo |> Option.map (fun target -> [ "--forward-to"; target ]) |> Option.defaultValue []
    let talkative = if logs.IsSome then [ "--log"; "Debug" ] else []
    let arguments = [ "--urls"; url; "--relay"; $"http://127.0.0.1:{port}"; "--slug"; mode ] @ forward @ talkative
    startDll $"agent-{mode}" "tests/Tunnel.BenchApp" arguments [ ("XDG_DATA_HOME", temporaryFolder ()) ]

let startTarget () =
    let url = freeUrl ()
    startDll "target" "tests/Tunnel.BenchApp" [ "--urls"; url ] [], url

let startLoad (relay: string) (agents: (string * string) list) =
    let named = agents |> List.map (fun (mode, url) -> $"{mode}={url}") |> String.concat ","
    let number (value: float) = value.ToString("F0", CultureInfo.InvariantCulture)

    [ builtDll "tests/Tunnel.BenchPeers"; "soak"; "--relay"; relay; "--agents"; named; "--seconds"; number (minutes * 60.)
      "--cut-ms"; string cutMilliseconds; "--visitors"; string visitors; "--seed"; string seed ]
    |> fun arguments -> start "load" dotnet arguments []

/// Samples memory while a process runs, and ends it at the limit.
let watch (load: Running) (servers: Running list) =
    let clock = Stopwatch.StartNew()
    let samples = Dictionary<string, (float * float) list>()
    let isQuiet () = load.Lines |> Seq.contains "quiet"

    while not (load.Process.WaitForExit 1000) do
        match servers |> List.tryFind _.HasExited with
        | Some ended -> failwithf "%s ended with code %d\n%s" ended.Name ended.Process.ExitCode ended.Tail
        | None when clock.Elapsed > wholeLimit -> failwithf "No end after %.0f s\n%s" clock.Elapsed.TotalSeconds load.Tail
        | None when not (isQuiet ()) ->
            for server in servers do
                let sample = clock.Elapsed.TotalSeconds, Machine.residentMegabytes server.Id
                samples[server.Name] <- sample :: samples.GetValueOrDefault(server.Name, [])
        | None -> ()

    load.Process.WaitForExit() // for what it wrote last
    [ for server in servers -> { Name = server.Name; Samples = List.rev (samples.GetValueOrDefault(server.Name, [])) } ]

let soak () =
    let relay, relayUrl = startRelay ()
    waitForUrl startLimit [ relay ] relayUrl |> ignore
    let agents = modes |> List.map (fun mode -> mode, freeUrl ())
    let load = startLoad relayUrl agents
    let ports = JsonSerializer.Deserialize<int list>(waitForLine startLimit "[" load)

    let target, targetUrl =
        if List.contains "forwarding" modes then
            let target, url = startTarget ()
            waitForUrl startLimit [ target ] $"{url}/hello" |> ignore
            [ target ], Some url
        else
            [], None

    let servers =
        List.zip agents ports
        |> List.map (fun ((mode, url), port) -> startAgent mode url port (if mode = "forwarding" then targetUrl else None))

    waitForLine startLimit "started" load |> ignore
    eprintfn "Cutting"
    let memory = watch load (relay :: servers @ target)

    if load.Process.ExitCode <> 0 then
        failwithf "The load ended with code %d\n%s" load.Process.ExitCode load.Tail

    JsonDocument.Parse(Seq.last load.Lines).RootElement.Clone(), memory

printfn "Seed %d: %g min, a cut every %d ms, %d visitors; %s" seed minutes cutMilliseconds visitors (Machine.facts ())
let clock = Stopwatch.StartNew()

let code =
    try
        eprintfn "Building"
        [ "tests/Tunnel.BenchApp"; "tests/Tunnel.BenchPeers"; "src/Tunnel.Cli" ] |> List.iter build
        let result, memory = soak ()
        printfn "\n%s\n" (report result memory)

        match faults result memory with
        | [] ->
            printfn "Passed in %.0f s." clock.Elapsed.TotalSeconds
            0
        | faults ->
            printfn "FAILED in %.0f s:" clock.Elapsed.TotalSeconds
            faults |> List.iter (printfn "- %s")
            1
    with e ->
        printfn "FAILED: %s" e.Message
        1

stopAll ()
exit code
