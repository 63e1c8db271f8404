/// Thousands of agents on one relay: what they cost while nothing happens, and how they come back when the relay restarts.
module FleetTrials

#load "Processes.fsx"
#load "Machine.fsx"
#load "Load.fsx"
#load "BenchReport.fsx"
#load "BenchTargets.fsx"

open System
open System.Globalization
open System.IO
open System.Net.Http
open System.Text.Json
open System.Threading
open Processes
open BenchReport
open BenchTargets

/// What a fleet says of itself at a time (milliseconds since 1970); the counts are of all that happened so far.
type private Snapshot =
    { At: float
      Connected: float
      Attempts: float
      Unanswered: float
      Refused: float
      FallenBack: float }

let private snapshots (fleet: Running) =
    [ for line in fleet.Lines do
          if line.StartsWith '{' then
              let json = JsonDocument.Parse(line).RootElement
              let number (name: string) = json.GetProperty(name).GetDouble()

              { At = number "at"
                Connected = number "connected"
                Attempts = number "attempts"
                Unanswered = number "unanswered"
                Refused = number "refused"
                FallenBack = number "fallenBack" } ]

let private now () = float (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())

/// Open files that a process may have, less what relay and fleet need besides their connections.
let private largestFleet =
    lazy
        (let line = File.ReadLines "/proc/self/limits" |> Seq.find _.StartsWith("Max open files")

         // The second number, the hard limit: .NET raises a process's own limit to it.
         match line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4] with
         | "unlimited" -> Int32.MaxValue
         | limit -> int limit - 1000)

let private bounded wanted =
    let count = min wanted largestFleet.Value
    count, (if count < wanted then $" The machine allows a process {largestFleet.Value + 1000:N0} open files, so there are {count:N0} and not {wanted:N0}." else "")

let private startFleet (relayUrl: string) count =
    Load.startGenerator
        [ "fleet"; "--relay"; relayUrl; "--agents"; string count
          "--credentials"; Path.Combine(temporaryFolder (), "tunnel.json") ]

/// Waits until a snapshot taken after a time says that all are connected, and returns it.
let private awaitAll (limit: TimeSpan) (relay: Running) (fleet: Running) since count =
    waitUntil $"{count} agents connected" limit [ relay; fleet ] (fun () ->
        snapshots fleet |> List.tryFind (fun snapshot -> snapshot.At > since && snapshot.Connected = float count))

let private visitor = new HttpClient(new SocketsHttpHandler(UseProxy = false), Timeout = TimeSpan.FromSeconds 5.)

let private reaches (relayUrl: string) index =
    try
        use response = visitor.GetAsync($"{relayUrl}/t/fleet-{index:D5}/hello").GetAwaiter().GetResult()
        response.IsSuccessStatusCode
    with :? HttpRequestException | :? OperationCanceledException -> false

let private chapter title said head rows = String.concat "\n\n" [ $"## {title}"; said; table head rows ]

let private idleGoal = 15_000
let private idleMegabytes = 400.

// Three times the 15 seconds of silence after which a ping is sent, and longer than the 30 after which a link counts as dead.
let private idleSeconds = 45.
let private idleVisitors = 20

/// Tunnels that nobody visits, and what one costs the relay.
let idle (wanted: int option) =
    let count, said = bounded (wanted |> Option.defaultValue idleGoal)
    let relay, url = startRelay ()

    try
        visitor.GetStringAsync(url).GetAwaiter().GetResult() |> ignore
        let before, start = Machine.residentMegabytes relay.Id, now ()
        let fleet = startFleet url count

        try
            let all = awaitAll (TimeSpan.FromMinutes 2.) relay fleet start count
            eprintfn "  %d connected" count
            Thread.Sleep 2000 // what connecting left behind is no cost of being idle
            let settled = snapshots fleet |> List.last
            let relayCpu, fleetCpu, clock = Machine.cpuSeconds relay.Id, Machine.cpuSeconds fleet.Id, Diagnostics.Stopwatch.StartNew()
            let mutable most = 0.

            while clock.Elapsed.TotalSeconds < idleSeconds do
                Thread.Sleep 1000
                most <- max most (Machine.residentMegabytes relay.Id)

            let share before id = (Machine.cpuSeconds id - before) / clock.Elapsed.TotalSeconds * 100.
            let relayShare, fleetShare = share relayCpu relay.Id, share fleetCpu fleet.Id
            let last = snapshots fleet |> List.last
            let lost = last.Attempts - settled.Attempts
            let reached = [ for _ in 1..idleVisitors -> Random.Shared.Next count ] |> List.filter (reaches url) |> List.length

            let megabytes =
                if count = idleGoal then
                    $"{show 0 most} (goal ≤ {show 0 idleMegabytes}{verdict (most <= idleMegabytes)})"
                else
                    show 0 most

            [ [ show 0 (float count); show 1 ((all.At - start) / 1000.); show 0 before; megabytes
                show 0 ((most - before) * 1e6 / float count); show 1 relayShare; show 1 fleetShare
                show 0 (Machine.residentMegabytes fleet.Id); show 0 lost + verdict (lost = 0.)
                $"{reached} of {idleVisitors}{verdict (reached = idleVisitors)}" ] ]
            |> chapter
                $"{count:N0} idle tunnels"
                $"Agents of one process, each with its own session, {idleSeconds} s with nothing but heartbeats.{said} Memory is resident; the largest value \
                  while idle counts. Processor time is of one core."
                [ "tunnels"; "s until all are connected"; "relay MB without"; "relay MB with"; "bytes per tunnel"; "relay CPU %"; "agents CPU %"
                  "agents MB"; "dials while idle"; "random tunnels reached" ]
        finally
            stop fleet
    finally
        stop relay

let private fleetGoal = 5000
let private liveTunnels = 50
let private liveRate = 200
let private liveSeconds = 15.

/// Requests of live traffic: when each began and ended, and whether it was answered.
type private Visit = { Began: float; Took: float; Succeeded: bool }

let private visits file =
    [ for line in File.ReadAllLines file do
          match line.Split ' ' with
          | [| began; took; status |] ->
              let number (text: string) = Double.Parse(text, CultureInfo.InvariantCulture)
              { Began = number began; Took = number took; Succeeded = status = "200" }
          | _ -> () ] // the last, cut

let private quantile (part: float) (visits: Visit list) =
    let sorted = visits |> List.map _.Took |> List.sort
    if sorted.IsEmpty then nan else sorted[int (float (sorted.Length - 1) * part)]

/// The most attempts of any second, and the second that began then.
let private busiest (snapshots: Snapshot list) =
    [ for first in snapshots do
          let within = snapshots |> List.filter (fun other -> other.At >= first.At && other.At <= first.At + 1000.)
          (List.last within).Attempts - first.Attempts, first.At ]
    |> List.max

/// The relay is killed under many agents and live traffic, and comes back at the same address.
let reconnect (wanted: int option) =
    let count, said = bounded (wanted |> Option.defaultValue fleetGoal)
    let url, folder = freeUrl (), temporaryFolder ()
    let started = Collections.Generic.List<Running>()

    let keep running =
        started.Add running
        running

    try
        let relay = startRelayAt url folder |> fst |> keep
        let start = now ()
        let fleet = startFleet url count |> keep
        awaitAll (TimeSpan.FromMinutes 1.) relay fleet start count |> ignore
        eprintfn "  %d connected" count
        let file = Path.Combine(folder, "live.txt")

        let live =
            Load.startGenerator
                [ "live"; "--relay"; url; "--tunnels"; string (min liveTunnels count); "--rate"; string liveRate; "--file"; file ]
            |> keep

        Thread.Sleep 5000 // connections are opened and code is compiled before it counts
        let counted = now ()
        Thread.Sleep(int (liveSeconds * 1000.))
        let killed = now ()
        stop relay
        eprintfn "  the relay is killed"
        let relay = startRelayAt url folder |> fst |> keep
        let up = now ()
        let back = awaitAll (TimeSpan.FromSeconds 60.) relay fleet up count
        eprintfn "  all are back after %.1f s" ((back.At - killed) / 1000.)
        Thread.Sleep(int (liveSeconds * 1000.))
        stop live

        let visits, told = visits file, snapshots fleet
        let before = visits |> List.filter (fun visit -> visit.Began >= counted && visit.Began + visit.Took < killed)
        let during = visits |> List.filter (fun visit -> visit.Began >= up && visit.Began < back.At && visit.Succeeded)
        let after = visits |> List.filter (fun visit -> visit.Began >= back.At)
        let failed = before @ after |> List.filter (fun visit -> not visit.Succeeded) |> List.length
        let inOutage = visits |> List.filter (fun visit -> not visit.Succeeded && visit.Began + visit.Took >= killed && visit.Began < back.At) |> List.length
        let at time = told |> List.filter (fun snapshot -> snapshot.At <= time) |> List.last
        let atKill, atUp, atEnd = at killed, at up, List.last told
        let most, mostAt = told |> List.filter (fun snapshot -> snapshot.At >= atKill.At) |> busiest
        let each = (atEnd.Attempts - atUp.Attempts) / float count
        let seconds = (back.At - killed) / 1000.
        let p99, p99After = quantile 0.99 before, quantile 0.99 after

        let returned =
            [ for second in 0 .. int (ceil ((back.At - killed) / 1000.)) do
                  let there = at (killed + float second * 1000.)
                  let earlier = at (killed + float (second - 1) * 1000.)
                  [ string second; show 0 there.Connected; show 0 (if second = 0 then 0. else there.Attempts - earlier.Attempts)
                    show 0 (there.Unanswered - atKill.Unanswered); show 0 (there.Refused - atKill.Refused) ] ]

        let summary =
            [ [ "s from the kill until all are back"; $"{show 1 seconds} (goal ≤ 30{verdict (seconds <= 30.)})" ]
              [ "of these without a relay"; show 1 ((up - killed) / 1000.) ]
              [ "dials a second at most"; $"{show 0 most}, from {show 1 (max 0. (mostAt - killed) / 1000.)} s after the kill" ]
              [ "dials per agent once the relay is up (a resume that fails and a registration are 2)"; $"{show 2 each} (goal ≤ 3{verdict (each <= 3.)})" ]
              [ "dials with no answer, for want of a relay or of a link that lasted"; show 0 (atEnd.Unanswered - atKill.Unanswered) ]
              [ "dials that the relay refused"; show 0 (atEnd.Refused - atKill.Refused) + verdict (atEnd.Refused = atKill.Refused) ]
              [ "agents that fell back to a WebSocket"; show 0 atEnd.FallenBack ]
              [ "live requests: before / failed while away / after"; $"{before.Length} / {inOutage} / {after.Length}" ]
              [ "failed requests outside of the outage"; string failed + verdict (failed = 0) ]
              [ "p50 ms of live traffic before / while agents return / after"
                $"{show 2 (quantile 0.5 before)} / {show 2 (quantile 0.5 during)} / {show 2 (quantile 0.5 after)}" ]
              [ "p99 ms of live traffic before / while agents return / after"
                $"{show 2 p99} / {show 2 (quantile 0.99 during)} / {show 2 p99After}" ]
              [ "ratio of p99 after to before"; $"{show 2 (p99After / p99)} (goal ≤ 2{verdict (p99After / p99 <= 2.)})" ] ]

        String.concat
            "\n\n"
            [ $"## {count:N0} agents and a relay that restarts"
              $"The relay is killed and started again at the same address, under {liveRate} requests a second to {min liveTunnels count} of the tunnels.{said} \
                All agents are one address to the relay, as behind one NAT. The outage lasts until the last agent is back."
              table [ "what"; "value" ] summary
              table [ "s after the kill"; "connected"; "dials in this second"; "dials with no answer so far"; "refused so far" ] returned ]
    finally
        started |> Seq.iter stop
