/// What Linux says about processor time and memory: of single processes, of the whole machine, and of what is none of ours.
module Machine

open System
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices

// The unit of /proc is fixed at 100 ticks a second for every architecture that .NET runs on.
let private ticksPerSecond = 100.

/// The fields of /proc/PID/stat from the third on; the second, the name, may contain spaces.
let private statFields (path: string) =
    let text = File.ReadAllText path
    text.Substring(text.LastIndexOf ')' + 2).Split ' '

let private seconds (fields: string array) indexes =
    (indexes |> Seq.sumBy (fun i -> float fields[i])) / ticksPerSecond

/// A process and the processes that it started, as far as they run now: some servers work in children.
let rec private family (pid: int) =
    let isChild (other: int) =
        try
            let fields = statFields $"/proc/{other}/stat"
            int fields[1] = pid
        with :? IOException -> false // it has ended meanwhile

    let children =
        Directory.GetDirectories "/proc"
        |> Seq.choose (fun folder ->
            match Int32.TryParse(Path.GetFileName folder: string) with
            | true, other when isChild other -> Some other
            | _ -> None)
        |> List.ofSeq

    pid :: List.collect family children

/// Processor seconds that a process and its children have used, in user and in system mode.
let cpuSeconds (pid: int) = family pid |> List.sumBy (fun id -> seconds (statFields $"/proc/{id}/stat") [ 11; 12 ])

/// Processor seconds of this script and of all its children that have ended.
let private ownSeconds () = seconds (statFields "/proc/self/stat") [ 11; 12; 13; 14 ]

/// Processor seconds that the machine has spent on anything (user, nice, system, interrupts, stolen).
let private busySeconds () =
    seconds (File.ReadLines "/proc/stat" |> Seq.head |> _.Split(' ', StringSplitOptions.RemoveEmptyEntries)) [ 1; 2; 3; 6; 7; 8 ]

/// Resident memory of a process and its children in MB.
let residentMegabytes (pid: int) =
    let own id =
        let line = File.ReadLines $"/proc/{id}/status" |> Seq.find _.StartsWith("VmRSS:")
        float (line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024. / 1e6

    family pid |> List.sumBy own

/// How busy the machine is at the moment, 0 to 1, over one second.
let busyNow () =
    let clock, before = Stopwatch.StartNew(), busySeconds ()
    Threading.Thread.Sleep 1000
    (busySeconds () - before) / clock.Elapsed.TotalSeconds / float Environment.ProcessorCount

type Window =
    { /// Processor seconds that the servers used together.
      ServerSeconds: float
      /// The part of the machine, 0 to 1, that neither the servers nor this script and its children used.
      Others: float }

/// Runs an action and says who used the processors meanwhile.
let observe (servers: int list) action =
    let used () = servers |> List.sumBy cpuSeconds
    let clock, busy, own, server = Stopwatch.StartNew(), busySeconds (), ownSeconds (), used ()
    let result = action ()
    let server = used () - server
    let others = busySeconds () - busy - (ownSeconds () - own) - server
    result, { ServerSeconds = server; Others = max 0. others / clock.Elapsed.TotalSeconds / float Environment.ProcessorCount }

let facts () =
    let model =
        File.ReadLines "/proc/cpuinfo"
        |> Seq.tryFind _.StartsWith("model name")
        |> Option.map (fun line -> line.Substring(line.IndexOf ':' + 1).Trim())
        |> Option.defaultValue (string RuntimeInformation.ProcessArchitecture)

    $"{Environment.ProcessorCount} cores ({model}), {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}"
