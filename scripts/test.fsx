/// Everything that a change has to pass: builds the solution, runs the test projects, the in-memory scenarios, the quick start, a
/// short soak, and the packages in new apps.
///
///     dotnet fsi scripts/test.fsx
///
/// Ends with one line, `N passed, N failed`, and exit code 1 if anything failed or nothing ran.
#load "lib/PackageTest.fsx"

open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions
open System.Xml.Linq
open Processes

type Count =
    { Passed: int; Failed: int; Skipped: int }

    static member (+)(a, b) =
        { Passed = a.Passed + b.Passed; Failed = a.Failed + b.Failed; Skipped = a.Skipped + b.Skipped }

    override count.ToString() =
        let skipped = if count.Skipped > 0 then $", {count.Skipped} skipped" else ""
        $"{count.Passed} passed, {count.Failed} failed{skipped}"

let none = { Passed = 0; Failed = 0; Skipped = 0 }
let failed = { none with Failed = 1 }

/// Runs a part and says how it went; an error in the part counts as one failure and does not keep the others from running.
let part (name: string) (body: unit -> Count) =
    let clock = Stopwatch.StartNew()

    let count =
        try
            body ()
        with error ->
            printfn "%s" error.Message
            failed

    printfn "%s: %O (%.0f s)" name count clock.Elapsed.TotalSeconds
    count

let limit = TimeSpan.FromMinutes 20.

let testProjects =
    Directory.GetFiles(Path.Combine(root, "tests"), "*.csproj", SearchOption.AllDirectories)
    |> Array.filter (fun project -> File.ReadAllText(project).Contains "Microsoft.NET.Test.Sdk")
    |> Array.sort

/// The counters of a test run's report, and what failed in words.
let readReport (report: string) =
    let document = XDocument.Load report
    let ns = document.Root.Name.Namespace

    for result in document.Descendants(ns + "UnitTestResult") do
        if result.Attribute("outcome").Value = "Failed" then
            let message = result.Descendants(ns + "Message") |> Seq.tryHead |> Option.map _.Value |> Option.defaultValue ""
            printfn "FAILED %s\n%s" (result.Attribute("testName").Value) message

    let counters = document.Descendants(ns + "Counters") |> Seq.exactlyOne
    let counter (name: string) = int (counters.Attribute(name).Value)
    { Passed = counter "passed"; Failed = counter "failed"; Skipped = counter "total" - counter "executed" }

let runTests (project: string) () =
    let results = temporaryFolder ()

    let finished =
        run limit dotnet [ "test"; project; "-c"; "Release"; "--no-build"; "--nologo"; "--logger"; "trx"; "--results-directory"; results ]

    let count = Directory.GetFiles(results, "*.trx") |> Array.map readReport |> Array.fold (+) none

    // A test host that dies, or a failure outside any test, leaves no mark in the counters.
    if finished.ExitCode <> 0 && count.Failed = 0 then
        printfn "%s%s" finished.Output finished.Errors
        count + failed
    else
        count

let runScenarios () =
    let finished = run limit dotnet [ "fsi"; Path.Combine(root, "scripts", "scenarios.fsx") ]
    printf "%s%s" finished.Output finished.Errors
    let closing = Regex.Match(finished.Output, @"^(\d+) passed, (\d+) failed\s*$", RegexOptions.Multiline)

    if not closing.Success then
        failed
    else
        let count = { none with Passed = int closing.Groups[1].Value; Failed = int closing.Groups[2].Value }
        if finished.ExitCode <> 0 && count.Failed = 0 then count + failed else count

let runQuickstart () =
    runChecked limit dotnet [ "fsi"; Path.Combine(root, "scripts", "quickstart.fsx"); "--once" ] |> ignore
    { none with Passed = 1 }

/// Every kind of traffic over links that are cut all the time, for a few seconds of what soak.fsx does for minutes.
let runSoak () =
    if File.Exists "/proc/stat" then
        runChecked limit dotnet [ "fsi"; Path.Combine(root, "scripts", "soak.fsx"); "--minutes"; "0.2" ] |> ignore
        { none with Passed = 1 }
    else
        { none with Skipped = 1 }

let runPackages () =
    PackageTest.checks ()
    |> List.map (fun (name, check) ->
        part name (fun () ->
            check ()
            { none with Passed = 1 }))
    |> List.fold (+) none

printfn "Building ..."
build "TunnelMiddleware.sln"

let total =
    [ for project in testProjects do
          yield part (Path.GetFileNameWithoutExtension project) (runTests project)

      yield part "Scenarios" runScenarios
      yield part "Quick start" runQuickstart
      yield part "Soak" runSoak
      yield part "Packages" runPackages ]
    |> List.fold (+) none

printfn "%O" total
exit (if total.Failed > 0 || total.Passed = 0 then 1 else 0)
