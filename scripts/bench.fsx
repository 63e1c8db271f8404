// Compares a tunnel with YARP without one, with the bare app and with the link alone, on this machine:
//
//     dotnet fsi scripts/bench.fsx [-- --rounds N --seconds S --only row,row --tunnels N --out file.md]
//
// Rows, measured in every round:
//
//   bare        the app alone
//   yarp, nginx reverse proxies with no tunnel
//   inprocess   the tunnel, answered by the app's own pipeline; websocket: the same over the fallback link
//   forwarding  the tunnel, to a local port; ssh: OpenSSH's `ssh -R`, which does the same
//   link        each kind of the tunnel's link with nothing on it
//
// A row whose program is missing and cannot be installed is left out, with the reason. Trials, once after the rounds, on servers of their own:
//
//   stalled    what 1,000 readers that stand still cost in memory, and other visitors in latency
//   path       one stream over a way of 100 ms, against one TCP connection over the same way
//   blackhole  a link that goes dead silently during a download
//   idle       what 15,000 tunnels that nobody visits cost the relay, or as many as --tunnels says
//   reconnect  5,000 agents (or --tunnels) whose relay is killed and comes back, under live traffic
//
// Everything shares one machine, so read the ratios, not the figures.
#load "lib/Processes.fsx"
#load "lib/Machine.fsx"
#load "lib/Load.fsx"
#load "lib/BenchReport.fsx"
#load "lib/BenchTargets.fsx"
#load "lib/BenchTrials.fsx"
#load "lib/FleetTrials.fsx"

open System
open System.Collections.Generic
open System.IO
open Processes
open BenchReport
open BenchTargets

let options =
    scriptArguments ()
    |> List.chunkBySize 2
    |> List.map (function
        | [ ("--rounds" | "--seconds" | "--only" | "--tunnels" | "--out") as name; value ] -> name, value
        | wrong ->
            eprintfn "Not understood: %s" (String.concat " " wrong)
            exit 2)
    |> Map

let option name otherwise = options.TryFind name |> Option.defaultValue otherwise
let rounds = int (option "--rounds" "3")
let seconds = int (option "--seconds" "5")
let tunnels = options.TryFind "--tunnels" |> Option.map int
let connections = 64
let oneGibibyte = 1L <<< 30

if not (File.Exists "/proc/stat") then
    eprintfn "Processor time is read from /proc, so this needs Linux."
    exit 2

let paths =
    [ "bare", "bare app", (fun () -> bareApp.Value)
      "yarp", "YARP, no tunnel", (fun () -> startYarp bareApp.Value)
      "nginx", "nginx, no tunnel", (fun () -> startNginx bareApp.Value)
      "inprocess", "tunnel, in-process", startInProcess
      "websocket", "tunnel, in-process, WebSocket", startWebSocket
      "forwarding", "tunnel, forwarding", (fun () -> startForwarding bareApp.Value)
      "ssh", "ssh -R", (fun () -> startSsh bareApp.Value) ]

/// Programs that are no part of the project: a row without its own is left out, which is no failure.
let missing =
    let peers =
        [ "nginx", [ (Load.ensureServer, "nginx", "nginx") ]
          "ssh", [ (Load.ensureServer, "sshd", "openssh-server"); (Load.ensure, "ssh", "openssh-client") ] ]

    fun wanted ->
        [ for row, programs in peers do
              if List.contains row wanted then
                  match programs |> List.tryPick (fun (ensure, name, package) -> match ensure name package with Error reason -> Some reason | Ok _ -> None) with
                  | Some reason -> row, reason
                  | None -> () ]

let trials: (string * (BenchTrials.Attempt -> int -> string)) list =
    BenchTrials.all
    @ [ "idle", (fun _ _ -> FleetTrials.idle tunnels)
        "reconnect", (fun _ _ -> FleetTrials.reconnect tunnels) ]

let wanted =
    let known = (paths |> List.map (fun (key, _, _) -> key)) @ [ "link" ] @ (trials |> List.map fst)
    let asked = (option "--only" (String.concat "," known)).Split ',' |> List.ofArray

    match asked |> List.except known with
    | [] -> asked
    | unknown ->
        eprintfn "No such row or trial: %s; there are %s" (String.concat ", " unknown) (String.concat ", " known)
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

let leftOut = missing wanted

for row, reason in leftOut do
    note warnings $"the row {row} is left out: {reason}"

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

let linkKinds = [ "upgraded", "upgraded connection"; "websocket", "WebSocket" ]

let measureLink () =
    for kind, _ in linkKinds do
        attempt $"link, {kind}" (fun () ->
            let read, _ =
                observed $"link {kind}" "link" [] (fun () -> Load.generator (TimeSpan.FromMinutes 2.5) [ "link"; "--kind"; kind ])

            linkColumns |> List.iter (fun column -> record $"link {kind}" column.Key (read column.Key)))
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

let report tried =
    for entry in disturbed do
        warnings.Add(disturbance entry.Key entry.Value)

    let rows =
        paths
        |> List.filter (fun (key, _, _) -> List.contains key wanted && not (leftOut |> List.exists (fun (row, _) -> row = key)))
        |> List.map (fun (key, title, _) -> key, collect key title columns)

    let goals key (column: Column) =
        match key with
        | "inprocess" -> column.InProcess
        | "websocket" -> column.WebSocket
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
          yield "## The link alone, messages of 64 KiB"
          yield ""
          yield measured linkColumns [ for kind, title in linkKinds -> collect $"link {kind}" title linkColumns ]
          yield ""
      for text in tried do
          yield text
          yield ""
      yield! listed "Failures" failures
      yield! listed "Warnings" warnings ]
    |> String.concat "\n"

eprintfn "Building"

for project in [ "tests/Tunnel.BenchApp"; "tests/Tunnel.BenchPeers"; "src/Tunnel.Cli" ] do
    // A failure ends the bench: a dll of an earlier build may be there, but it is not what the source says now.
    build project

match Machine.busyNow () with
| busy when busy > 0.1 -> note warnings $"before the start something else used {busy:P0} of the machine"
| _ -> ()

let targets =
    [ for key, _, start in paths do
          if List.contains key wanted && not (leftOut |> List.exists (fun (row, _) -> row = key)) then
              match attempt key start with
              | Some target -> key, target
              | None -> () ]

for key, target in targets do
    attempt $"{key}, first requests" (fun () -> warmUpOnce target) |> ignore

if not targets.IsEmpty || List.contains "link" wanted then
    for round in 1..rounds do
        eprintfn "Round %d of %d" round rounds

        for key, target in targets do
            measurePath key target

        if List.contains "link" wanted then measureLink ()

// They would share the machine with the trials.
targets |> List.iter (fun (_, target) -> stopTarget target)

let tried =
    [ for key, run in trials do
          if List.contains key wanted then
              eprintfn "Trial: %s" key

              match attempt key (fun () -> run (fun what -> attempt $"{key}, {what}") seconds) with
              | Some text -> text
              | None -> () ]

stopAll ()
let text = report tried
printfn "%s" text
options.TryFind "--out" |> Option.iter (fun file -> File.WriteAllText(file, text + "\n"))
exit (if failures.Count = 0 then 0 else 1)
