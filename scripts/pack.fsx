/// Packs the packages into artifacts/packages.
///
///     dotnet fsi scripts/pack.fsx [--version 1.2.3]
#load "lib/Packing.fsx"

open System.IO
open Processes

let version =
    match scriptArguments () with
    | [] -> []
    | [ "--version"; version ] -> [ $"-p:Version={version}" ]
    | other ->
        eprintfn "Unknown: %s. The only option is --version <version>." (String.concat " " other)
        exit 2

let folder = Path.Combine(root, "artifacts", "packages")
Packing.pack folder version

for package in Directory.GetFiles(folder, "*.nupkg") |> Array.sort do
    printfn "%s" (Path.GetRelativePath(root, package))
