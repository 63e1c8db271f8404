/// Packs the packages into artifacts/packages.
///
///     dotnet fsi scripts/pack.fsx [--version 1.2.3]
#load "lib/Packing.fsx"

open System
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

let cache =
    match Environment.GetEnvironmentVariable "NUGET_PACKAGES" with
    | null | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".nuget", "packages")
    | folder -> folder

for package in Directory.GetFiles(folder, "*.nupkg") |> Array.sort do
    printfn "%s" (Path.GetRelativePath(root, package))

    // NuGet never replaces what it has of a version, so apps would go on with what was packed before.
    let name = (Path.GetFileNameWithoutExtension package).ToLowerInvariant()
    let split = name.Split('.', 3)
    let known = Path.Combine(cache, $"{split[0]}.{split[1]}", split[2])

    if Directory.Exists known then
        printfn "  apps go on using the same version that was packed before, until you delete %s" known
