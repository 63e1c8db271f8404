/// Load on a URL: wrk for many small requests, the project's own generator for everything that wrk does not do.
module Load

#load "Processes.fsx"

open System
open System.Globalization
open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open Processes

type Small = { Requests: float; PerSecond: float; P50: float; P99: float }

// Servers are outside of an ordinary user's path.
let private folders =
    lazy
        ((Environment.GetEnvironmentVariable "PATH").Split Path.PathSeparator
         |> Array.append [| "/usr/sbin"; "/usr/local/sbin" |])

let private find name =
    folders.Value |> Seq.map (fun folder -> Path.Combine(folder, name)) |> Seq.tryFind File.Exists

/// Finds a program, or installs its package; the reason where neither works.
let ensure name package =
    match find name, find "apt-get" with
    | Some path, _ -> Ok path
    | None, None -> Error $"{name} is not installed, and there is no apt-get"
    | None, Some _ when not Environment.IsPrivilegedProcess -> Error $"{name} is not installed, and only root can install it"
    | None, Some aptGet ->
        let finished =
            // In the single-user run level no package starts its service.
            runWith
                [ "DEBIAN_FRONTEND", "noninteractive"; "RUNLEVEL", "1" ]
                (TimeSpan.FromMinutes 2.)
                aptGet
                [ "install"; "-y"; "--no-install-recommends"; package ]

        match find name with
        | Some path when finished.ExitCode = 0 -> Ok path
        | _ -> Error $"apt-get could not install {package}: {finished.Errors.Trim()}"

/// As `ensure`, for a program whose package starts a service. systemd would start it whatever the run level is, so there the package is
/// left to the machine's owner.
let ensureServer name package =
    match find name with
    | None when Directory.Exists "/run/systemd/system" ->
        Error $"{name} is not installed, and its package would start a service on this machine; install {package} yourself"
    | _ -> ensure name package

/// Sees to it that wrk is there, or says why it is not.
let ensureWrk () = ensure "wrk" "wrk" |> Result.map ignore

let private number (text: string) = Double.Parse(text, CultureInfo.InvariantCulture)

let private milliseconds (value: string, unit: string) =
    match unit with
    | "us" -> number value / 1e3
    | "ms" -> number value
    | "s" -> number value * 1e3
    | other -> failwithf "wrk's unit %s is unknown" other

/// Small requests with keep-alive; latencies in milliseconds. An answer outside 2xx or a broken connection is a failure.
let wrk (connections: int) (seconds: int) (url: string) =
    let threads = min connections Environment.ProcessorCount

    let output =
        runChecked
            (TimeSpan.FromSeconds(float seconds + 30.))
            "wrk"
            [ $"-t{threads}"; $"-c{connections}"; $"-d{seconds}s"; "--timeout"; "10s"; "--latency"; url ]

    let find pattern =
        match Regex.Match(output, pattern, RegexOptions.Multiline) with
        | found when found.Success -> found
        | _ -> failwithf "wrk's output has no %s:\n%s" pattern output

    let latency percent =
        let found = find $@"^\s+{percent}%%\s+([\d.]+)(us|ms|s)"
        milliseconds (found.Groups[1].Value, found.Groups[2].Value)

    match Regex.Match(output, @"Non-2xx.*|Socket errors.*") with
    | wrong when wrong.Success -> failwithf "%s: %s" url (wrong.Value.Trim())
    | _ ->
        { Requests = number (find @"(\d+) requests in").Groups[1].Value
          PerSecond = number (find @"Requests/sec:\s+([\d.]+)").Groups[1].Value
          P50 = latency 50
          P99 = latency 99 }

/// Runs a subcommand of the generator and returns a function that reads a number of its JSON.
let generator (limit: TimeSpan) (arguments: string list) =
    let finished = run limit dotnet (builtDll "tests/Tunnel.BenchPeers" :: arguments)

    if finished.ExitCode <> 0 then
        failwithf "%s: %s" (String.concat " " arguments) (finished.Errors.Trim())

    let json = JsonDocument.Parse(finished.Output).RootElement.Clone()
    fun (name: string) -> json.GetProperty(name).GetDouble()

let private bulkLimit = TimeSpan.FromMinutes 2.

/// One stream down, checked byte for byte; MB/s.
let download (bytes: int64) url =
    generator bulkLimit [ "download"; "--url"; $"{url}/bytes/{bytes}"; "--bytes"; string bytes ] "megabytesPerSecond"

/// One stream up, checked by count; MB/s.
let upload (bytes: int64) url =
    generator bulkLimit [ "upload"; "--url"; $"{url}/sink"; "--bytes"; string bytes ] "megabytesPerSecond"

/// Echoes per second of 64-byte messages.
let webSocketEcho (connections: int) (seconds: int) (url: string) =
    generator
        (TimeSpan.FromSeconds(float seconds + 40.))
        [ "ws-echo"; "--url"; url.Replace("http:", "ws:") + "/ws"; "--connections"; string connections; "--seconds"; string seconds ]
        "messagesPerSecond"

/// Small requests one after another while 4 bulk downloads run; p50 and p99 in milliseconds.
let beside (seconds: int) url =
    let endless = 1L <<< 40

    let read =
        generator
            (TimeSpan.FromSeconds(float seconds + 60.))
            [ "beside"; "--url-small"; $"{url}/hello"; "--url-bulk"; $"{url}/bytes/{endless}"; "--seconds"; string seconds ]

    read "p50Milliseconds", read "p99Milliseconds"

/// Small requests one after another with nothing beside them; p50 and p99 in milliseconds.
let smallRequests (seconds: int) url =
    let read =
        generator (TimeSpan.FromSeconds(float seconds + 60.)) [ "small"; "--url"; $"{url}/hello"; "--seconds"; string seconds ]

    read "p50Milliseconds", read "p99Milliseconds"

/// One endless stream for a time; MB/s in all, and without the first seconds.
let stream up (seconds: int) (skip: int) url =
    let read =
        generator
            (TimeSpan.FromSeconds(float seconds + 60.))
            [ "stream"; "--url"; (if up then $"{url}/sink" else $"{url}/bytes/{1L <<< 40}")
              "--direction"; (if up then "up" else "down"); "--seconds"; string seconds; "--skip"; string skip ]

    read "megabytesPerSecond", read "steadyMegabytesPerSecond"

/// Starts a subcommand of the generator that goes on beside others.
let startGenerator (arguments: string list) = start arguments.Head dotnet (builtDll "tests/Tunnel.BenchPeers" :: arguments) []

/// Waits for the end of a started subcommand, and returns the JSON that it wrote last.
let finishGenerator (limit: TimeSpan) (running: Running) =
    try
        if not (running.Process.WaitForExit limit) then failwith $"{running.Name} took too long\n{running.Tail}"
        running.Process.WaitForExit() // for what it wrote last
        if running.Process.ExitCode <> 0 then failwith $"{running.Name}: {running.Tail}"
        JsonDocument.Parse(Seq.last running.Lines).RootElement.Clone()
    finally
        stop running

/// Repeats a measurement of a rate until two successive ones differ by less than 5 %, at most 8 times.
let warmUp (rate: unit -> float) =
    let rec again count previous =
        let current = rate ()

        if count < 8 && abs (current - previous) >= 0.05 * previous then
            again (count + 1) current

    again 1 0.
