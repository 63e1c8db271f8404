/// Packs what is delivered as packages.
module Packing

#load "Processes.fsx"

open System
open System.IO
open Processes

let private projects = [ "src/Tunnel.Relay"; "src/Tunnel.Agent"; "src/Tunnel.Cli" ]

/// Packs every package into the folder; further arguments go to `dotnet pack`.
let pack (folder: string) (arguments: string list) =
    for project in projects do
        [ "pack"; Path.Combine(root, project); "-c"; "Release"; "-o"; folder; "--nologo"; "-v"; "q"; "-nodeReuse:false"; "-p:UseSharedCompilation=false"; "-warnaserror" ]
        @ arguments
        |> runChecked (TimeSpan.FromMinutes 5.) dotnet
        |> ignore
