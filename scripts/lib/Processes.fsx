/// Processes of a script: each is started on a free loopback port, read line by line, waited for, and ended by its own id.
module Processes

open System
open System.Collections.Concurrent
open System.Diagnostics
open System.IO
open System.Net
open System.Net.Http
open System.Net.Sockets
open System.Runtime.InteropServices
open System.Threading

/// The repository's root folder.
let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, "..", ".."))

/// The dotnet host that runs this script, so that what it builds and starts uses the same SDK.
let dotnet =
    match Environment.GetEnvironmentVariable "DOTNET_HOST_PATH" with
    | null | "" -> "dotnet"
    | path -> path

/// The arguments after the script's name, without the `--` that may lead them.
let scriptArguments () =
    match fsi.CommandLineArgs |> Array.toList with
    | _ :: "--" :: rest | _ :: rest -> rest
    | [] -> []

/// A loopback port that was free a moment ago.
let freePort () =
    use listener = new TcpListener(IPAddress.Loopback, 0)
    listener.Start()
    (listener.LocalEndpoint :?> IPEndPoint).Port

/// A started process and the last lines that it wrote (standard output and standard error together).
type Running =
    { Name: string
      Process: Process
      Lines: ConcurrentQueue<string> }

    member running.Id = running.Process.Id
    member running.HasExited = running.Process.HasExited
    member running.Tail = String.Join('\n', running.Lines |> Seq.rev |> Seq.truncate 12 |> Seq.rev)

type Finished = { ExitCode: int; Output: string; Errors: string }

let private live = ConcurrentDictionary<int, Running>()
let private keptLines = 500

let private startInfo (file: string) (arguments: string list) (environment: (string * string) list) =
    let info =
        ProcessStartInfo(
            file,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = root
        )

    arguments |> List.iter info.ArgumentList.Add
    environment |> List.iter (fun (name, value) -> info.Environment[name] <- value)
    info

let private kill (running: Running) =
    try
        // With its children: `dotnet run` and test hosts have some.
        running.Process.Kill(entireProcessTree = true)
        running.Process.WaitForExit 5000 |> ignore
    with :? InvalidOperationException -> ()

/// Ends a process that this script started, by its id, and waits until it is gone.
let stop (running: Running) =
    match live.TryRemove running.Process.Id with
    | true, _ -> kill running
    | _ -> ()

/// Ends every process that this script started and that still runs.
let stopAll () = live.Values |> Seq.toList |> List.iter stop

let mutable private ending = false

// Ctrl+C, a polite kill and a script that ends early must leave nothing behind. The registrations have to stay reachable.
let private signals =
    [ PosixSignal.SIGINT; PosixSignal.SIGTERM; PosixSignal.SIGHUP ]
    |> List.map (fun signal ->
        PosixSignalRegistration.Create(
            signal,
            fun context ->
                context.Cancel <- true
                Volatile.Write(&ending, true)
                stopAll ()
                exit 130
        ))

let private folders = ConcurrentBag<DirectoryInfo>()

/// A new folder that is removed when the script ends, after its processes.
let temporaryFolder () =
    let folder = Directory.CreateTempSubdirectory "tunnel-"
    folders.Add folder
    folder.FullName

AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
    stopAll ()
    signals |> List.iter _.Dispose()

    for folder in folders do
        try
            folder.Delete(recursive = true)
        with :? IOException -> ())

let private launch name file arguments environment onLine onError =
    let started = new Process(StartInfo = startInfo file arguments environment)
    let running = { Name = name; Process = started; Lines = ConcurrentQueue() }

    let keep handle (line: string) =
        if not (isNull line) then
            running.Lines.Enqueue line
            if running.Lines.Count > keptLines then running.Lines.TryDequeue() |> ignore
            handle line

    started.OutputDataReceived.Add(fun e -> keep onLine e.Data)
    started.ErrorDataReceived.Add(fun e -> keep onError e.Data)
    started.Start() |> ignore
    live[started.Id] <- running

    // Between a signal and the end of the script nothing new may come up; what calls this waits for the end.
    if Volatile.Read &ending then
        stop running
        Thread.Sleep Timeout.Infinite

    started.BeginOutputReadLine()
    started.BeginErrorReadLine()
    running

/// Starts a process that goes on running until `stop` or the end of the script.
let start name file arguments environment = launch name file arguments environment ignore ignore

/// Runs a process to its end; after `limit` it is killed and this fails.
let runWith (environment: (string * string) list) (limit: TimeSpan) file arguments =
    let output, errors = Text.StringBuilder(), Text.StringBuilder()
    let append (text: Text.StringBuilder) (line: string) = lock text (fun () -> text.AppendLine line |> ignore)
    let running = launch file file arguments environment (append output) (append errors)

    try
        if not (running.Process.WaitForExit limit) then
            failwithf "%s %s took longer than %.0f s" file (String.concat " " arguments) limit.TotalSeconds

        // Waits for the two readers as well, which the wait with a limit does not.
        running.Process.WaitForExit()
        { ExitCode = running.Process.ExitCode; Output = output.ToString(); Errors = errors.ToString() }
    finally
        stop running

let run limit file arguments = runWith [] limit file arguments

/// As `run`, but a non-zero exit code is a failure that quotes what the process wrote.
let runChecked limit file arguments =
    let finished = run limit file arguments

    if finished.ExitCode <> 0 then
        failwithf "%s %s ended with %d:\n%s%s" file (String.concat " " arguments) finished.ExitCode finished.Output finished.Errors

    finished.Output

/// Builds a project in Release and leaves no build server behind that would use the machine later.
let build (project: string) =
    [ "build"; "-c"; "Release"; "--nologo"; "-v"; "q"; "-nodeReuse:false"; "-p:UseSharedCompilation=false"; Path.Combine(root, project) ]
    |> runChecked (TimeSpan.FromMinutes 5.) dotnet
    |> ignore

/// The dll that `build` made of a project, given the project's folder (`tests/Tunnel.BenchApp`).
let builtDll (project: string) =
    Path.Combine(root, project, "bin", "Release", "net10.0", Path.GetFileName project + ".dll")

/// Asks every 100 ms until `found` answers, fails at once when one of the processes has ended, and fails after `limit`.
let waitUntil what (limit: TimeSpan) (processes: Running list) (found: unit -> 'a option) =
    let clock = Stopwatch.StartNew()

    let rec again () =
        match found () with
        | Some value -> value
        | None ->
            match processes |> List.tryFind _.HasExited with
            | Some ended -> failwithf "%s ended with code %d before %s\n%s" ended.Name ended.Process.ExitCode what ended.Tail
            | None when clock.Elapsed > limit ->
                let said = processes |> List.map (fun p -> $"{p.Name}: {p.Tail}") |> String.concat "\n"
                failwithf "%s did not happen within %.0f s\n%s" what limit.TotalSeconds said
            | None ->
                Thread.Sleep 100
                again ()

    again ()

let private client =
    new HttpClient(
        new SocketsHttpHandler(UseProxy = false, AllowAutoRedirect = false),
        Timeout = TimeSpan.FromSeconds 5.
    )

/// Waits until a GET of the address is answered with 200, and returns the body.
let waitForUrl (limit: TimeSpan) (processes: Running list) (url: string) =
    waitUntil $"{url} answered 200" limit processes (fun () ->
        try
            use response = client.GetAsync(url).GetAwaiter().GetResult()

            if response.StatusCode = HttpStatusCode.OK then
                Some(response.Content.ReadAsStringAsync().GetAwaiter().GetResult())
            else
                None
        with :? HttpRequestException | :? OperationCanceledException -> None)

/// Waits until a process has written a line that contains the text, and returns the line.
let waitForLine (limit: TimeSpan) (text: string) (running: Running) =
    waitUntil $"the line '{text}'" limit [ running ] (fun () -> running.Lines |> Seq.tryFind _.Contains(text))

/// Waits until something listens on a loopback port.
let waitForPort (limit: TimeSpan) (processes: Running list) (port: int) =
    waitUntil $"port {port} answered" limit processes (fun () ->
        try
            use socket = new TcpClient()
            socket.Connect(IPAddress.Loopback, port)
            Some()
        with :? SocketException -> None)
