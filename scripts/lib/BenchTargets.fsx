/// The paths that a bench compares: the bare app, the tunnel in-process and forwarding, each started from its built dlls, and the peers:
/// YARP and nginx with no tunnel, and OpenSSH's.
module BenchTargets

#load "Processes.fsx"
#load "Load.fsx"

open System
open System.IO
open Processes

/// A path that is up: where it answers, and the processes behind it.
type Target =
    { Url: string
      Servers: Running list
      Relay: Running option
      Agent: Running option }

let startLimit = TimeSpan.FromSeconds 30.

let startDll project arguments environment =
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

/// What a missing program has to say is the failure.
let private orFail =
    function
    | Ok path -> path
    | Error reason -> failwith reason

/// nginx with no tunnel, set up as YARP is: bodies flow as they come, upstream connections and WebSockets stay open.
let startNginx app =
    let program = orFail (Load.ensureServer "nginx" "nginx")
    let folder, port = temporaryFolder (), freePort ()
    let config = Path.Combine(folder, "nginx.conf")

    File.WriteAllText(
        config,
        $$"""
daemon off;
worker_processes auto;
pid {{folder}}/nginx.pid;
error_log stderr error;
events { worker_connections 8192; }
http {
    access_log off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;
    client_body_temp_path {{folder}}/body;
    proxy_temp_path {{folder}}/proxy;
    fastcgi_temp_path {{folder}}/fastcgi;
    uwsgi_temp_path {{folder}}/uwsgi;
    scgi_temp_path {{folder}}/scgi;
    map $http_upgrade $upgrade { default upgrade; '' ''; }
    upstream app {
        server 127.0.0.1:{{(Uri app.Url).Port}};
        keepalive 256;
        keepalive_requests 1000000000;
    }
    server {
        listen 127.0.0.1:{{port}} backlog=4096;
        location / {
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $upgrade;
        }
    }
}
"""
    )

    let proxy = start "nginx" program [ "-c"; config; "-p"; folder; "-e"; "stderr" ] []
    awaitTarget [ proxy ] { Url = $"http://127.0.0.1:{port}"; Servers = proxy :: app.Servers; Relay = Some proxy; Agent = app.Agent }

/// `ssh -R`: visitors come to a port that sshd opens. Keys and configuration are made for this run.
let startSsh app =
    let server = orFail (Load.ensureServer "sshd" "openssh-server")
    let client = orFail (Load.ensure "ssh" "openssh-client")
    let keygen = orFail (Load.ensure "ssh-keygen" "openssh-client")
    let folder, sshPort, visitorPort = temporaryFolder (), freePort (), freePort ()
    let file name = Path.Combine(folder, name)

    for key in [ "host"; "client" ] do
        runChecked startLimit keygen [ "-q"; "-t"; "ed25519"; "-N"; ""; "-f"; file key ] |> ignore

    File.WriteAllText(
        file "sshd_config",
        String.concat
            "\n"
            [ $"Port {sshPort}"
              "ListenAddress 127.0.0.1"
              "HostKey " + file "host"
              "AuthorizedKeysFile " + file "client.pub"
              "PidFile none"
              "StrictModes no" // the folder is the user's, but what is above it may be anybody's
              "UsePAM no"
              "PasswordAuthentication no"
              "AllowTcpForwarding remote"
              "LogLevel ERROR"
              "" ]
    )

    // Root's sshd locks its unprivileged part into this folder, which the system's service would have made.
    if Environment.IsPrivilegedProcess then Directory.CreateDirectory "/run/sshd" |> ignore
    let relay = start "sshd" server [ "-D"; "-e"; "-f"; file "sshd_config" ] []

    let agent =
        try
            waitForPort startLimit [ relay ] sshPort
            let forwarding = $"127.0.0.1:{visitorPort}:127.0.0.1:{(Uri app.Url).Port}"

            let settings =
                [ "BatchMode=yes"; "IdentitiesOnly=yes"; "ExitOnForwardFailure=yes"; "StrictHostKeyChecking=no"
                  "UserKnownHostsFile=/dev/null"; "LogLevel=ERROR" ]
                |> List.collect (fun setting -> [ "-o"; setting ])

            start "ssh" client
                ([ "-N"; "-F"; "none"; "-i"; file "client"; "-p"; string sshPort; "-R"; forwarding ]
                 @ settings
                 @ [ $"{Environment.UserName}@127.0.0.1" ]) []
        with _ ->
            stop relay
            reraise ()

    awaitTarget
        [ agent; relay ]
        { Url = $"http://127.0.0.1:{visitorPort}"; Servers = relay :: agent :: app.Servers; Relay = Some relay; Agent = Some agent }

/// A relay at an address, with a folder that a relay before it may have used.
let startRelayAt url folder =
    let relay = startDll "src/Tunnel.Cli" [ "relay"; "--urls"; url; "--development"; "--data"; folder ] []

    try
        waitForUrl startLimit [ relay ] url |> ignore
        relay, url
    with _ ->
        stop relay
        reraise ()

let startRelay () = startRelayAt (freeUrl ()) (temporaryFolder ())

/// An agent for a relay that is up; it dials another address than the visitors where something stands between it and the relay.
let private startInProcessAgentWith arguments (relay: Running, relayUrl: string) dialled =
    let app, _ = startApp ([ "--relay"; dialled; "--slug"; "bench" ] @ arguments)

    awaitTarget
        [ app ]
        { Url = $"{relayUrl}/t/bench"; Servers = [ relay; app ]; Relay = Some relay; Agent = Some app }

let startInProcessAgent relay dialled = startInProcessAgentWith [] relay dialled

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
let startWebSocket () = startTunnel (startInProcessAgentWith [ "--websocket"; "true" ])
let startForwarding app = startTunnel (startForwardingAgent app)

/// Ends what belongs to a path alone; the bare app that several share goes on.
let stopTarget target =
    let shared = if bareApp.IsValueCreated then bareApp.Value.Servers |> List.map _.Id else []
    target.Servers |> List.filter (fun server -> not (List.contains server.Id shared)) |> List.iter stop
