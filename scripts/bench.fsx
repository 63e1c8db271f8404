// Compares a tunnel with YARP without one, with the bare app and with the link alone, on this machine:
//
//     dotnet fsi scripts/bench.fsx [-- --rounds N --seconds S --only row,row --out file.md]
//
// Rows: bare, yarp, inprocess, forwarding, link. Everything shares one machine, so read the ratios, not the figures.
#load "lib/Processes.fsx"
#load "lib/Machine.fsx"
#load "lib/Load.fsx"
#load "lib/BenchReport.fsx"

open System
open System.Collections.Generic
open System.IO
open Processes
open BenchReport

let options =
    scriptArguments ()
    |> List.chunkBySize 2
    |> List.map (function
        | [ ("--rounds" | "--seconds" | "--only" | "--out") as name; value ] -> name, value
        | wrong ->
            eprintfn "Not understood: %s" (String.concat " " wrong)
            exit 2)
    |> Map

let option name otherwise = options.TryFind name |> Option.defaultValue otherwise
let rounds = int (option "--rounds" "3")
let seconds = int (option "--seconds" "5")
let connections = 64
let oneGibibyte = 1L <<< 30

if not (File.Exists "/proc/stat") then
    eprintfn "Processor time is read from /proc, so this needs Linux."
    exit 2

/// A path that is up: where it answers, and the processes behind it.
type Target =
    { Url: string
      Servers: Running list
      Relay: Running option
      Agent: Running option }

let startLimit = TimeSpan.FromSeconds 30.

let built = HashSet<string>()

let startDll project arguments environment =
    // A dll of an earlier build may be there, but it is not what the source says now.
    if not (built.Contains project) then failwith $"{project} was not built"
    start (Path.GetFileName(project: string)) dotnet (builtDll project :: arguments) environment

let freeUrl () = $"http://127.0.0.1:{freePort ()}"

/// Ready when the greeting comes back; what was started for a path that does not get there is ended again.
let awaitTarget (own: Running list) target =
    try
        waitForUrl startLimit target.Servers $"{target.Url}/hello" |> ignore
        target
    with _ ->
        own |> List.iter stop
        reraise ()

/// A key of its own for an agent, so that the bench neither uses nor makes the user's.
let ownKey () = [ ("XDG_DATA_HOME", temporaryFolder ()) ]

let startApp arguments =
    let url = freeUrl ()
    startDll "tests/Tunnel.BenchApp" ([ "--urls"; url ] @ arguments) (ownKey ()), url

// The bare app is what YARP and the forwarding agent lead to, so it is started once.
let bareApp =
    lazy
        (let app, url = startApp []
         awaitTarget [ app ] { Url = url; Servers = [ app ]; Relay = None; Agent = Some app })

let startYarp () =
    let app, url = bareApp.Value, freeUrl ()
    let proxy = startDll "tests/Tunnel.BenchPeers" [ "yarp"; "--urls"; url; "--to"; app.Url ] []
    awaitTarget [ proxy ] { Url = url; Servers = proxy :: app.Servers; Relay = Some proxy; Agent = app.Agent }

let startRelay () =
    let url = freeUrl ()
    let relay = startDll "src/Tunnel.Cli" [ "relay"; "--urls"; url; "--development"; "--data"; temporaryFolder () ] []
    relay, url

let startInProcess () =
    let relay, relayUrl = startRelay ()
    let app, _ = startApp [ "--relay"; relayUrl; "--slug"; "bench" ]

    awaitTarget
        [ relay; app ]
        { Url = $"{relayUrl}/t/bench"; Servers = [ relay; app ]; Relay = Some relay; Agent = Some app }

let startForwarding () =
    let app = bareApp.Value
    let relay, relayUrl = startRelay ()
    let agent = startDll "src/Tunnel.Cli" [ "http"; string (Uri app.Url).Port; "--relay"; relayUrl; "--slug"; "fwd" ] (ownKey ())

    awaitTarget
        [ relay; agent ]
        { Url = $"{relayUrl}/t/fwd"; Servers = relay :: agent :: app.Servers; Relay = Some relay; Agent = Some agent }

let paths =
    [ "bare", "bare app", (fun () -> bareApp.Value)
      "yarp", "YARP, no tunnel", startYarp
      "inprocess", "tunnel, in-process", startInProcess
      "forwarding", "tunnel, forwarding", startForwarding ]

let wanted =
    let known = (paths |> List.map (fun (key, _, _) -> key)) @ [ "link" ]
    let asked = (option "--only" (String.concat "," known)).Split ',' |> List.ofArray

    match asked |> List.except known with
    | [] -> asked
    | unknown ->
        eprintfn "No such row: %s; there are %s" (String.concat ", " unknown) (String.concat ", " known)
        exit 2

let failures = List<string>()
let warnings = List<string>()

let note (list: List<string>) text =
    eprintfn "  ! %s" text
    list.Add text

/// Does a part of the bench; a failure is reported with its reason, and the others go on.
let attempt what action =
    try
        Some(action ())
    with e ->
        note failures $"{what}: {e.Message.Trim()}"
        None

let values = Dictionary<string * string, float list>()

let record row key value =
    values[(row, key)] <- value :: (values.GetValueOrDefault((row, key), []))

/// What others used of the machine during a row's steps, where it was more than a tenth.
let disturbed = Dictionary<string, (string * float) list>()

/// Measures while watching the machine.
let observed row step servers action =
    let result, window = Machine.observe (servers |> List.map (fun (server: Running) -> server.Id)) action

    if window.Others > 0.1 then
        eprintfn "  ! other processes used %.0f %% of the machine" (window.Others * 100.)
        disturbed[row] <- (step, window.Others) :: disturbed.GetValueOrDefault(row, [])

    result, window

let wrkMissing =
    match Load.ensureWrk () with
    | Ok() -> None
    | Error reason ->
        note warnings $"no request rates: {reason}"
        Some reason

let wrkSteps target row =
    [ "small",
      fun () ->
          let result, window =
              observed row "small" target.Servers (fun () -> Load.wrk connections seconds $"{target.Url}/hello")

          [ "small", result.PerSecond
            "cpu", window.ServerSeconds / result.Requests * 1e6
            "p50", result.P50
            "p99", result.P99 ]
      "single",
      fun () ->
          let result, _ = observed row "single" target.Servers (fun () -> Load.wrk 1 seconds $"{target.Url}/hello")
          [ ("single", result.PerSecond) ]
      "ten",
      fun () ->
          let measure () = Load.wrk connections seconds $"{target.Url}/bytes/10240"
          let result, _ = observed row "ten" target.Servers measure
          [ ("ten", result.PerSecond) ] ]

let generatorSteps target row =
    let step key measure = key, (fun () -> [ (key, fst (observed row key target.Servers measure)) ])

    [ step "down" (fun () -> Load.download oneGibibyte target.Url)
      step "up" (fun () -> Load.upload oneGibibyte target.Url)
      step "ws" (fun () -> Load.webSocketEcho connections seconds target.Url)
      "beside",
      fun () ->
          let (p50, p99), _ = observed row "beside" target.Servers (fun () -> Load.beside seconds target.Url)
          [ ("beside", p50); ("beside99", p99) ]
      "memory",
      fun () ->
          let resident key = Option.map (fun (server: Running) -> key, Machine.residentMegabytes server.Id)
          List.choose id [ resident "relay" target.Relay; resident "agent" target.Agent ] ]

/// The paths that bulk and WebSockets take are compiled before the first round counts.
let warmUpOnce target =
    Load.download (oneGibibyte / 4L) target.Url |> ignore
    Load.upload (oneGibibyte / 4L) target.Url |> ignore
    Load.webSocketEcho connections 1 target.Url |> ignore

let warmUp target =
    Load.warmUp (fun () ->
        match wrkMissing with
        | None -> (Load.wrk connections 1 $"{target.Url}/hello").PerSecond
        | Some _ -> Load.webSocketEcho connections 1 target.Url)

let measurePath row target =
    if attempt $"{row}, warm-up" (fun () -> warmUp target) |> Option.isSome then
        let steps = (if wrkMissing.IsNone then wrkSteps target row else []) @ generatorSteps target row

        for step, measure in steps do
            for key, value in attempt $"{row}, {step}" measure |> Option.defaultValue [] do
                eprintfn "  %s %s %.2f" row key value
                record row key value

let measureLink () =
    attempt "link" (fun () ->
        let read, _ = observed "link" "link" [] (fun () -> Load.generator (TimeSpan.FromMinutes 2.5) [ "link" ])
        linkColumns |> List.iter (fun column -> record "link" column.Key (read column.Key)))
    |> ignore

let collect key title (columns: Column list) =
    { Title = title
      Values =
        columns
        |> List.choose (fun column ->
            match values.TryGetValue((key, column.Key)) with
            | true, measured -> Some(column.Key, measured)
            | _ -> None)
        |> Map }

let disturbance (row: string) (windows: (string * float) list) =
    let steps = windows |> List.map fst |> List.rev |> List.distinct |> String.concat ", "
    $"{row}: other processes used up to {windows |> List.map snd |> List.max:P0} of the machine, in {windows.Length} windows ({steps})"

let report () =
    for entry in disturbed do
        warnings.Add(disturbance entry.Key entry.Value)

    let rows =
        paths
        |> List.filter (fun (key, _, _) -> List.contains key wanted)
        |> List.map (fun (key, title, _) -> key, collect key title columns)

    let goals key (column: Column) =
        match key with
        | "inprocess" -> column.InProcess
        | "forwarding" -> column.Forwarding
        | _ -> None

    let listed heading (items: List<string>) =
        if items.Count = 0 then [] else $"## {heading}" :: "" :: [ for item in items -> "- " + item.Replace("\n", "\n  ") ] @ [ "" ]

    [ yield "# Bench"
      yield ""
      yield $"{Machine.facts ()}; medians of {rounds} interleaved rounds, {seconds} s each; servers and load on the same machine."
      yield ""
      if not rows.IsEmpty then
          yield measured columns (rows |> List.map snd)
          yield ""
      match rows |> List.tryFind (fun (key, _) -> key = "yarp") with
      | Some(_, baseline) ->
          yield "## Ratios to YARP without a tunnel"
          yield ""
          yield ratios baseline [ for key, row in rows do if key <> "yarp" then row, goals key ]
          yield ""
      | None -> ()
      if List.contains "link" wanted then
          yield "## The link alone"
          yield ""
          yield measured linkColumns [ collect "link" "WebSocket, 64 KiB messages" linkColumns ]
          yield ""
      yield! listed "Failures" failures
      yield! listed "Warnings" warnings ]
    |> String.concat "\n"

eprintfn "Building"

for project in [ "tests/Tunnel.BenchApp"; "tests/Tunnel.BenchPeers"; "src/Tunnel.Cli" ] do
    attempt $"building {project}" (fun () -> build project)
    |> Option.iter (fun () -> built.Add project |> ignore)

match Machine.busyNow () with
| busy when busy > 0.1 -> note warnings $"before the start something else used {busy:P0} of the machine"
| _ -> ()

let targets =
    [ for key, _, start in paths do
          if List.contains key wanted then
              match attempt key start with
              | Some target -> key, target
              | None -> () ]

for key, target in targets do
    attempt $"{key}, first requests" (fun () -> warmUpOnce target) |> ignore

for round in 1..rounds do
    eprintfn "Round %d of %d" round rounds

    for key, target in targets do
        measurePath key target

    if List.contains "link" wanted then measureLink ()

stopAll ()
let text = report ()
printfn "%s" text
options.TryFind "--out" |> Option.iter (fun file -> File.WriteAllText(file, text + "\n"))
exit (if failures.Count = 0 then 0 else 1)
