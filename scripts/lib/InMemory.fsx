/// Lets a script use ASP.NET Core, which `dotnet fsi` cannot reference by itself: the script starts itself once more with the shared
/// framework, the relay, the agent and the test host on its command line, and the symbol STAGE2 defined.
module InMemory

#load "Processes.fsx"

open System
open System.Diagnostics
open System.IO
open Processes

/// A test project whose output holds everything that a script may use.
let private project = "tests/Tunnel.Integration.Tests"

let private sharedFramework =
    let runtime = Path.GetDirectoryName(typeof<obj>.Assembly.Location)
    Path.Combine(runtime, "..", "..", "Microsoft.AspNetCore.App", Path.GetFileName runtime) |> Path.GetFullPath

let private references () =
    let output = Path.GetDirectoryName(builtDll project)
    let own = [ "Tunnel.Relay.dll"; "Tunnel.Agent.dll"; "Microsoft.AspNetCore.TestHost.dll" ] |> List.map (fun dll -> Path.Combine(output, dll))

    if not (Directory.Exists sharedFramework) then
        failwithf "The ASP.NET Core runtime is not installed beside the .NET runtime that runs this script (%s)." sharedFramework

    (Directory.GetFiles(sharedFramework, "*.dll") |> Array.toList) @ own

/// Runs the script's second stage and ends with its exit code.
let relaunch (script: string) =
    build project
    let response = Path.Combine(temporaryFolder (), "fsi.rsp")
    File.WriteAllLines(response, "--define:STAGE2" :: (references () |> List.map (fun dll -> $"-r:{dll}")))
    let info = ProcessStartInfo(dotnet, UseShellExecute = false)
    [ "fsi"; $"@{response}"; script ] @ scriptArguments () |> List.iter info.ArgumentList.Add
    let stage = Process.Start info
    AppDomain.CurrentDomain.ProcessExit.Add(fun _ -> if not stage.HasExited then stage.Kill(entireProcessTree = true))
    stage.WaitForExit()
    exit stage.ExitCode
