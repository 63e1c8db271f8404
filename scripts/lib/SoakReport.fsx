/// What soak.fsx makes of a run: the table, and everything that is wrong with it.
module SoakReport

open System
open System.Globalization
open System.Text.Json

/// Resident memory of a process over a run: seconds since the start, and MB.
type Memory = { Name: string; Samples: (float * float) list }

/// The share of a run that counts as warm-up: pools, windows and compiled code grow until then.
let private warmUpShare = 0.4

/// Below this a slope says more about the collector's mood than about the program.
let private leastSeconds = 30.

/// Growth after the warm-up that counts as a leak: a hundred requests of each kind may not leave so much behind.
let private leakMegabytes = 48.

let private show digits (value: float) =
    value.ToString((if digits = 0 then "#,0" else $"F{digits}"), CultureInfo.InvariantCulture)

let private line cells = "| " + String.concat " | " cells + " |"

let private table head rows =
    String.concat "\n" (line head :: line (head |> List.map (fun _ -> "---")) :: List.map line rows)

let private items (name: string) (element: JsonElement) = element.GetProperty(name).EnumerateArray() |> List.ofSeq
let private text (name: string) (element: JsonElement) = element.GetProperty(name).GetString()
let private number (name: string) (element: JsonElement) = element.GetProperty(name).GetDouble()

let private quantiles digits (name: string) (element: JsonElement) =
    match element.GetProperty name with
    | found when found.ValueKind = JsonValueKind.Null -> [ "–"; "–"; "–" ]
    | found -> [ "p50"; "p99"; "max" ] |> List.map (fun quantile -> show digits (number quantile found))

let private traffic (modes: JsonElement list) =
    [ for mode in modes do
          for kind in items "kinds" mode do
              [ text "mode" mode
                text "kind" kind
                show 0 (number "succeeded" kind)
                show 0 (number "failed" kind)
                show 1 (number "bytes" kind / 1e6) ]
              @ quantiles 1 "milliseconds" kind ]
    |> table [ "tunnel"; "exchange"; "done"; "failed"; "MB, checked"; "p50 ms"; "p99 ms"; "max ms" ]

let private links (modes: JsonElement list) =
    [ for mode in modes do
          let link = mode.GetProperty "link"

          let reasons =
              link.GetProperty("reconnects").EnumerateObject()
              |> Seq.filter (fun reason -> reason.Value.GetInt64() > 0L)
              |> Seq.map (fun reason -> $"{reason.Name} {reason.Value}")
              |> String.concat ", "

          [ text "mode" mode; show 0 (number "cuts" link) ] @ quantiles 0 "outageMilliseconds" link @ [ reasons; show 0 (number "reserved" link) ] ]
    |> table [ "tunnel"; "cuts"; "cut to resumed p50 ms"; "p99 ms"; "max ms"; "reconnects"; "bytes reserved at the end" ]

let private afterWarmUp memory =
    match memory.Samples with
    | [] -> []
    | samples ->
        let last = samples |> List.map fst |> List.max
        samples |> List.filter (fun (at, _) -> at >= warmUpShare * last)

/// MB a minute, by least squares.
let private slope (samples: (float * float) list) =
    let meanX, meanY = samples |> List.averageBy fst, samples |> List.averageBy snd
    let spread = samples |> List.sumBy (fun (x, _) -> (x - meanX) ** 2.)
    if spread = 0. then 0. else 60. * (samples |> List.sumBy (fun (x, y) -> (x - meanX) * (y - meanY))) / spread

/// Whether memory grows for good. The collector returns memory late, so a slope alone is none: the lowest of the last third has to be
/// above the highest of the first, too.
let private leak memory =
    match afterWarmUp memory with
    | samples when samples.Length >= 6 && fst (List.last samples) - fst samples.Head >= leastSeconds ->
        let third = samples.Length / 3
        let low = samples |> List.skip (samples.Length - third) |> List.map snd |> List.min
        let high = samples |> List.take third |> List.map snd |> List.max
        let minutes = (fst (List.last samples) - fst samples.Head) / 60.
        if low > high && slope samples * minutes > leakMegabytes then Some(slope samples) else None
    | _ -> None

let private memories (processes: Memory list) =
    [ for memory in processes do
          match afterWarmUp memory with
          | [] -> [ memory.Name; "–"; "–"; "–"; "–" ]
          | samples ->
              let seconds = fst (List.last samples) - fst samples.Head
              let slope = if seconds >= leastSeconds then show 1 (slope samples) else $"too short a run ({show 0 seconds} s)"
              [ memory.Name; show 0 (snd samples.Head); show 0 (samples |> List.map snd |> List.max); show 0 (snd (List.last samples)); slope ] ]
    |> table [ "process"; "MB resident after warm-up"; "most"; "at the end"; "slope MB/min" ]

/// All that is wrong with a run; nothing if it passed.
let faults (result: JsonElement) (processes: Memory list) =
    let modes = result.EnumerateArray() |> List.ofSeq

    [ for mode in modes do
          let name, link = text "mode" mode, mode.GetProperty "link"
          let kinds = items "kinds" mode

          match kinds |> List.sumBy (number "failed") with
          | 0. -> ()
          | failed -> yield $"{name}: {failed} exchanges failed"

          yield! items "failures" mode |> List.map _.GetString()

          for reason in link.GetProperty("reconnects").EnumerateObject() do
              if reason.Name <> "link_lost" && reason.Value.GetInt64() > 0L then
                  yield $"{name}: a session was lost {reason.Value} times ({reason.Name})"

          if number "cuts" link = 0. then yield $"{name}: nothing was cut"
          let reserved = number "reserved" link
          if reserved > 0. then yield $"{name}: the agent still reserves {show 0 reserved} bytes when all is quiet"
          if kinds |> List.sumBy (number "succeeded") = 0. then yield $"{name}: nothing was done"

      for memory in processes do
          match leak memory with
          | Some slope -> yield $"{memory.Name} grows by {show 1 slope} MB a minute"
          | None -> () ]

let report (result: JsonElement) (processes: Memory list) =
    let modes = result.EnumerateArray() |> List.ofSeq
    String.concat "\n\n" [ traffic modes; links modes; memories processes ]
