/// The paths that a bench compares, each started from its built dlls: the bare app, YARP, and the tunnel in-process and forwarding.
module BenchTargets

#load "Processes.fsx"

open System
open System.Collections.Generic
open System.IO
open Processes

/// A path that is up: where it answers, and the processes behind it.
type Target =
    { Url: string
      Servers: Running list
      Relay: Running option
      Agent: Running option }

let startLimit = TimeSpan.FromSeconds 30.

let private built = HashSet<string>()

let buildServer project =
    build project
    built.Add project |> ignore

let startDll project arguments environment =
    // A dll of an earlier build may be there, but it is not what the source says now.
    if not (built.Contains project) then failwith $"{project} was not built"
    start (Path.GetFileName(project: string)) dotnet (builtDll project :: arguments) environment

let freeUrl () = $"http://127.0.0.1:{freePort ()}"

/// Ready when the greeting comes back; what was started for a path that does not get there is ended again.
let private awaitTarget (own: Running list) target =
    try
        waitForUrl startLimit target.Servers $"{target.Url}/hello" |> ignore
        target
    with _ ->
        own |> List.iter stop
        reraise ()

/// A key of its own for an agent, so that the bench neither uses nor makes the user's.
let private ownKey () = [ ("XDG_DATA_HOME", temporaryFolder ()) ]

let private startApp arguments =
    let url = freeUrl ()
    startDll "tests/Tunnel.BenchApp" ([ "--urls"; url ] @ arguments) (ownKey ()), url

let startBareApp () =
    let app, url = startApp []
    awaitTarget [ app ] { Url = url; Servers = [ app ]; Relay = None; Agent = Some app }

// The bare app is what YARP and the forwarding agent lead to, so one does for all.
let bareApp = lazy (startBareApp ())

let startYarp app =
    let url = freeUrl ()
    let proxy = startDll "tests/Tunnel.BenchPeers" [ "yarp"; "--urls"; url; "--to"; app.Url ] []
    awaitTarget [ proxy ] { Url = url; Servers = proxy :: app.Servers; Relay = Some proxy; Agent = app.Agent }

let startRelay () =
    let url = freeUrl ()
    let relay = startDll "src/Tunnel.Cli" [ "relay"; "--urls"; url; "--development"; "--data"; temporaryFolder () ] []

    try
        waitForUrl startLimit [ relay ] url |> ignore
        relay, url
    with _ ->
        stop relay
        reraise ()

/// An agent for a relay that is up; it dials another address than the visitors where something stands between it and the relay.
let startInProcessAgent (relay: Running, relayUrl: string) dialled =
    let app, _ = startApp [ "--relay"; dialled; "--slug"; "bench" ]

    awaitTarget
        [ app ]
        { Url = $"{relayUrl}/t/bench"; Servers = [ relay; app ]; Relay = Some relay; Agent = Some app }

let startForwardingAgent app (relay: Running, relayUrl: string) dialled =
    let agent = startDll "src/Tunnel.Cli" [ "http"; string (Uri app.Url).Port; "--relay"; dialled; "--slug"; "bench" ] (ownKey ())

    awaitTarget
        [ agent ]
        { Url = $"{relayUrl}/t/bench"; Servers = relay :: agent :: app.Servers; Relay = Some relay; Agent = Some agent }

let private startTunnel startAgent =
    let relay = startRelay ()

    try
        startAgent relay (snd relay)
    with _ ->
        stop (fst relay)
        reraise ()

let startInProcess () = startTunnel startInProcessAgent
let startForwarding app = startTunnel (startForwardingAgent app)

/// Ends what belongs to a path alone; the bare app that several share goes on.
let stopTarget target =
    let shared = if bareApp.IsValueCreated then bareApp.Value.Servers |> List.map _.Id else []
    target.Servers |> List.filter (fun server -> not (List.contains server.Id shared)) |> List.iter stop
