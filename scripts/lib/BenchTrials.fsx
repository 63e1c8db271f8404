/// What a bench tries once and not in rounds: readers that stand still, a long way, a link that goes dead. Each gives its Markdown.
module BenchTrials

#load "Processes.fsx"
#load "Machine.fsx"
#load "Load.fsx"
#load "BenchReport.fsx"
#load "BenchTargets.fsx"

open System
open System.Text.Json
open Processes
open BenchReport
open BenchTargets

/// Does one part of a trial; a failure is reported, and the others go on.
type Attempt = string -> (unit -> string list list) -> string list list option

let private rows (attempt: Attempt) parts =
    parts |> List.collect (fun (title, action) -> attempt title action |> Option.defaultValue [])

let private chapter title said head rows =
    String.concat "\n\n" [ $"## {title}"; said; table head rows ]

let private atMost limit digits (value: float) = $"{show digits value} (goal ≤ {limit}{verdict (value <= limit)})"
let private atLeast limit digits (value: float) = $"{show digits value} (goal ≥ {limit}{verdict (value >= limit)})"

let private whileUp target action =
    try
        action target
    finally
        stopTarget target

let private stalledReaders = 1000
let private stalledRate = 2000

/// Latency of others and memory of the servers, without and with readers that stand still.
let private stalled (attempt: Attempt) (seconds: int) =
    // Three times a window's worth of time for each figure: it decides about ten percent.
    let seconds = seconds * 3
    let limit = TimeSpan.FromSeconds(float seconds + 120.)

    let memory target =
        [ target.Relay; target.Agent ] |> List.choose id |> List.sumBy (fun server -> Machine.residentMegabytes server.Id)

    let measure title start goal () =
        whileUp (start ()) (fun target ->
            // What is compiled while it is measured would be part of the memory and of the latency.
            Load.download (1L <<< 28) target.Url |> ignore
            Load.smallRequests seconds target.Url |> ignore
            let (p50, p99), before = Load.smallRequests seconds target.Url, memory target

            let readers =
                Load.startGenerator
                    [ "stalled"; "--url"; $"{target.Url}/bytes/{1L <<< 40}"; "--readers"; string stalledReaders
                      "--rate"; string stalledRate; "--seconds"; string (seconds + 3) ]

            let (withP50, withP99), after, slowest =
                try
                    waitForLine limit "standing" readers |> ignore
                    let latency, after = Load.smallRequests seconds target.Url, memory target
                    latency, after, (Load.finishGenerator limit readers).GetProperty("slowestBytesPerSecond").GetDouble()
                finally
                    stop readers

            let each: float = (after - before) / float stalledReaders
            let limited limit digits value = if goal then atMost limit digits value else show digits value

            [ [ title; show 3 p50; show 3 withP50; limited 1.1 2 (withP50 / p50); show 2 p99; show 2 withP99
                show 0 before; show 0 after; limited 0.2 3 each; show 0 slowest ] ])

    // An app of their own for both: one that a thousand visitors have left writes on for nobody, and its threads with it, until each has
    // been told, and would share the machine with the next path.
    let startProxy () =
        // The app behind the proxy is no part of it.
        { startYarp (startBareApp ()) with Agent = None }

    rows
        attempt
        [ "YARP, no tunnel", measure "YARP, no tunnel" startProxy false
          "tunnel, in-process", measure "tunnel, in-process" startInProcess true
          "tunnel, forwarding", measure "tunnel, forwarding" (fun () -> startForwarding (startBareApp ())) true ]
    |> chapter
        $"{stalledReaders:N0} stalled readers"
        $"Endless downloads of which each reads {stalledRate:N0} bytes a second; small requests one after another without them and with them. Memory is \
          resident memory of relay and agent together (in-process the app's too), or of the proxy."
        [ "path"; "p50 ms without"; "with"; "ratio"; "p99 ms without"; "with"; "MB without"; "with"; "MB per reader"; "slowest reader, bytes/s" ]

let private pathDelay = 50
let private pathSeconds = 12
let private pathSkip = 3
let private pathRounds = 2

/// Behind the proxy stands whatever listens on the port.
let private startPath (rate: int) (url: string) =
    let path =
        Load.startGenerator
            [ "path"; "--to"; string (Uri url).Port; "--delay-ms"; string pathDelay; "--rate"; string rate ]

    let port = (waitForLine startLimit "port " path).Split(' ')[1]
    path, $"http://127.0.0.1:{port}"

/// One stream over a long way, narrow and wide.
let private longPath (attempt: Attempt) (_: int) =
    let directions = [ ("down", false); ("up", true) ]

    let streams (url: string) =
        [ for _, up in directions do
              Load.stream up 2 1 url |> ignore // compiles what it takes
              Load.stream up pathSeconds pathSkip url ]

    let raw rate () =
        let path, url = startPath rate bareApp.Value.Url
        try streams url finally stop path

    let tunnelled rate startAgent () =
        let relay = startRelay ()
        let path, dialled = startPath rate (snd relay)

        try
            whileUp (startAgent relay dialled) (fun target -> streams target.Url)
        finally
            stop path
            stop (fst relay)

    // Interleaved, and the best of each: what disturbs a delay or a throttle in user space only ever slows it down.
    let compare (label, rate) =
        let paths =
            [ "TCP to the bare app", raw rate
              "tunnel, in-process", tunnelled rate startInProcessAgent
              "tunnel, forwarding", tunnelled rate (fun relay dialled -> startForwardingAgent bareApp.Value relay dialled) ]

        let mutable measured = []

        rows
            attempt
            [ for round in 1..pathRounds do
                  for title, measure in paths do
                      $"{label}, {title}, round {round}",
                      fun () ->
                          measured <- (title, measure ()) :: measured
                          [] ]
        |> ignore

        let best title index pick =
            match measured |> List.filter (fun (path, _) -> path = title) with
            | [] -> None
            | rounds -> rounds |> List.map (fun (_, results: (float * float) list) -> pick results[index]) |> List.max |> Some

        let cells title index pick =
            match best title index pick, best "TCP to the bare app" index pick with
            | Some value, Some _ when title.StartsWith "TCP" -> [ show 1 value; "1" ]
            | Some value, Some reference -> [ show 1 value; atLeast 0.8 2 (value / reference) ]
            | Some value, None -> [ show 1 value; "–" ]
            | None, _ -> [ "–"; "–" ]

        [ for index, (direction, _) in List.indexed directions do
              for title, _ in paths do
                  [ $"{label}, {direction}"; title ] @ cells title index fst @ cells title index snd ]

    [ "20 MB/s", 20_000_000; "no limit", 0 ]
    |> List.collect compare
    |> chapter
        $"One stream over {2 * pathDelay} ms"
        $"A proxy delays each way by {pathDelay} ms, in the tunnel's case between agent and relay; the best of {pathRounds} times \
          {pathSeconds} s. Where the proxy has no limit of its own, a stream is bounded by the processors or by the largest window: 16 MiB in \
          {2 * pathDelay} ms are 168 MB/s, four times what Linux lets a TCP connection send in that time unless told otherwise (4 MiB), and less \
          than the 64 MiB that the proxy holds each way."
        [ "way"; "path"; "MB/s"; "ratio to TCP"; $"MB/s after {pathSkip} s"; "ratio to TCP" ]

// 30 s of silence, seen by a timer of 5 s, and up to half a second before the first redial.
let private noticed = 35.5

/// A link that goes dead silently.
let private blackhole (attempt: Attempt) (_: int) =
    let measure title startAgent () =
        let relay = startRelay ()
        let dead = Load.startGenerator [ "dead"; "--relay"; snd relay; "--slug"; "bench"; "--seconds"; "5" ]

        try
            let port = (waitForLine startLimit "port " dead).Split(' ')[1]

            whileUp (startAgent relay $"http://127.0.0.1:{port}") (fun _ ->
                let result = Load.finishGenerator (TimeSpan.FromMinutes 4.) dead
                let number (name: string) = result.GetProperty(name).GetDouble()

                let download =
                    match result.GetProperty("failure").GetString() with
                    | "" -> show 1 (number "stallSeconds") |> sprintf "went on after %s s"
                    | failure -> $"broke off: {failure} **missed**"

                [ [ title; atMost noticed 1 (number "redialSeconds"); show 1 (number "answerSeconds"); download ] ])
        finally
            stop dead
            stop (fst relay)

    rows
        attempt
        [ "in-process", measure "tunnel, in-process" startInProcessAgent
          "forwarding", measure "tunnel, forwarding" (fun relay dialled -> startForwardingAgent bareApp.Value relay dialled) ]
    |> chapter
        "A link that goes dead silently"
        "During a download nothing gets through any more in either direction, and no socket is closed; a new link gets through."
        [ "path"; "s until the agent dials again"; "s until a new visitor is answered"; "the download" ]

/// In the order in which they run; each is given what attempts its parts, and the seconds of one measurement.
let all: (string * (Attempt -> int -> string)) list =
    [ "stalled", stalled; "path", longPath; "blackhole", blackhole ]
