/// Starts the Hub and the Device samples on this machine and sends a request through the tunnel.
///
///     dotnet fsi scripts/quickstart.fsx          stays until Ctrl+C
///     dotnet fsi scripts/quickstart.fsx --once   checks, and ends with exit code 0
#load "lib/Processes.fsx"

open System
open System.IO
open System.Net.Http
open System.Threading
open Processes

let once =
    match scriptArguments () with
    | [] -> false
    | [ "--once" ] -> true
    | other ->
        eprintfn "Unknown: %s. The only option is --once." (String.concat " " other)
        exit 2

let patience = TimeSpan.FromSeconds 30.

printfn "Building the samples ..."
build "samples/Hub"
build "samples/Device"

// What the samples remember goes to a folder that is removed at the end.
let state = temporaryFolder ()

let sample name (arguments: string list) =
    let dll = builtDll $"samples/{name}"

    start name dotnet ([ dll; "--environment"; "Development"; "--contentRoot"; Path.GetDirectoryName dll ] @ arguments) []

let relay = $"http://127.0.0.1:{freePort ()}"
let hub = sample "Hub" [ "--urls"; relay; "--Tunnel:Relay:DataDirectory"; Path.Combine(state, "relay") ]
waitForUrl patience [ hub ] relay |> ignore

// The device opens no port of its own: the tunnel is the only way in.
let device =
    sample "Device" [ "--Tunnel:Agent:Relay"; relay; "--Tunnel:Agent:CredentialsFile"; Path.Combine(state, "tunnel.json") ]

let publicUrl = (waitForLine patience "The tunnel is open: " device).Trim().Replace("The tunnel is open: ", "")
printfn "Public URL: %s" publicUrl

let client = new HttpClient(new SocketsHttpHandler(UseProxy = false), Timeout = patience)
let response = client.GetAsync(publicUrl).Result
let body = response.Content.ReadAsStringAsync().Result
printfn "GET %s" publicUrl
printfn "HTTP/%O %d %s" response.Version (int response.StatusCode) response.ReasonPhrase
printfn "%s" (body.Substring(0, min 200 body.Length).TrimEnd())

if not response.IsSuccessStatusCode then
    eprintfn "The request did not go through."
    exit 1

if not once then
    printfn "Open the public URL in a browser. Ctrl+C ends it."
    Thread.Sleep Timeout.Infinite
