/// The Markdown of bench.fsx: what was measured, and the ratios to YARP without a tunnel beside the goals.
module BenchReport

open System
open System.Globalization

type Goal =
    | AtLeast of float
    | AtMost of float
    /// Not a ratio: the measured value itself may not be above it.
    | ValueAtMost of float

type Column =
    { Key: string
      Title: string
      Digits: int
      InProcess: Goal option
      /// In-process over the WebSocket, which is the fallback: what its framing and masking leave.
      WebSocket: Goal option
      Forwarding: Goal option }

let private column key title digits inProcess forwarding =
    { Key = key; Title = title; Digits = digits; InProcess = inProcess; WebSocket = None; Forwarding = forwarding }

let private overWebSocket goal column = { column with WebSocket = Some goal }

let columns =
    [ column "small" "req/s, 64 conns, 13 B" 0 (Some(AtLeast 1.5)) (Some(AtLeast 0.85))
      column "cpu" "CPU µs/req, all servers" 1 (Some(ValueAtMost 28.)) None
      column "p50" "p50 ms, 64 conns" 2 None None
      column "p99" "p99 ms, 64 conns" 2 None None
      column "single" "req/s, 1 conn" 0 (Some(AtLeast 1.)) (Some(AtLeast 0.7))
      column "ten" "req/s, 64 conns, 10 kB" 0 (Some(AtLeast 1.1)) (Some(AtLeast 0.9))
      column "down" "1 GiB down MB/s" 0 (Some(AtLeast 1.)) (Some(AtLeast 0.66)) |> overWebSocket (AtLeast 0.7)
      column "up" "1 GiB up MB/s" 0 (Some(AtLeast 1.)) (Some(AtLeast 0.76)) |> overWebSocket (AtLeast 0.7)
      column "ws" "WebSocket echo/s, 64 conns" 0 (Some(AtLeast 1.)) (Some(AtLeast 0.75))
      column "beside" "p50 ms beside 4 downloads" 2 (Some(AtMost 1.)) (Some(AtMost 1.))
      column "beside99" "p99 ms beside 4 downloads" 2 None None
      column "relay" "MB resident: relay (or proxy)" 0 None None
      column "agent" "MB resident: agent (or app)" 0 None None ]

let linkColumns =
    [ column "downMegabytesPerSecond" "down MB/s" 0 None None
      column "upMegabytesPerSecond" "up MB/s" 0 None None
      column "downCpuSecondsPerGibibyte" "CPU s/GiB down" 2 None None
      column "upCpuSecondsPerGibibyte" "CPU s/GiB up" 2 None None
      column "pingPongMicroseconds" "64-byte ping-pong µs" 1 None None ]

/// The measured values of one row by column; one value a round.
type Measured = { Title: string; Values: Map<string, float list> }

let private median (values: float list) =
    let sorted = List.sort values
    let middle = sorted.Length / 2
    if sorted.Length % 2 = 1 then sorted[middle] else (sorted[middle - 1] + sorted[middle]) / 2.

let private medianOf (row: Measured) key = row.Values.TryFind key |> Option.map median

let show digits (value: float) =
    value.ToString((if digits = 0 then "#,0" else $"F{digits}"), CultureInfo.InvariantCulture)

let private line cells = "| " + String.concat " | " cells + " |"

let table head rows =
    String.concat "\n" (line head :: line (head |> List.map (fun _ -> "---")) :: List.map line rows)

let private orDash = Option.defaultValue "–"

let measured (columns: Column list) (rows: Measured list) =
    columns
    |> List.map (fun c -> c.Title :: (rows |> List.map (fun row -> medianOf row c.Key |> Option.map (show c.Digits) |> orDash)))
    |> table ("median" :: (rows |> List.map _.Title))

let verdict kept = if kept then "" else " **missed**"

let private besideGoal goal (ratio: float) value =
    match goal with
    | Some(AtLeast limit) -> $" (goal ≥ {limit}{verdict (ratio >= limit)})"
    | Some(AtMost limit) -> $" (goal ≤ {limit}{verdict (ratio <= limit)})"
    | Some(ValueAtMost limit) -> $" (goal ≤ {limit} as a value{verdict (value <= limit)})"
    | None -> ""

/// The ratios to a baseline row; the goal that a path has in a column is given by `goalOf`.
let ratios (baseline: Measured) (rows: (Measured * (Column -> Goal option)) list) =
    let cell column (row, goalOf: Column -> Goal option) =
        match medianOf row column.Key, medianOf baseline column.Key with
        | Some value, Some reference when reference > 0. ->
            let ratio = value / reference
            show 2 ratio + besideGoal (goalOf column) ratio value
        | _ -> "–"

    columns
    |> List.map (fun column -> column.Title :: (rows |> List.map (cell column)))
    |> table ("ratio" :: (rows |> List.map (fun (row, _) -> row.Title)))
