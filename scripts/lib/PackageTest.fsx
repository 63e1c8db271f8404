/// Uses the packages as a stranger would: from a folder feed, in apps made with `dotnet new web`, with one line of code each.
module PackageTest

#load "Packing.fsx"

open System
open System.IO
open System.IO.Compression
open System.Text.Json
open Processes

let private patience = TimeSpan.FromSeconds 30.

/// Runs dotnet with an empty package cache, so that neither a cached package nor one of an earlier run is tested.
let private dotnetIn folder (arguments: string list) =
    let cache = [ ("NUGET_PACKAGES", Path.Combine(folder, "cache")) ]
    let finished = runWith cache (TimeSpan.FromMinutes 5.) dotnet arguments

    if finished.ExitCode <> 0 then
        failwithf "dotnet %s ended with %d:\n%s%s" (String.concat " " arguments) finished.ExitCode finished.Output finished.Errors

let private nugetConfig feed =
    $"""<configuration>
  <packageSources>
    <add key="packages-under-test" value="{feed}" />
  </packageSources>
</configuration>
"""

/// A new web app with the package and one line of code behind the given line; returns its dll.
let private newApp folder version name package (line: string) (addition: string) =
    let app = Path.Combine(folder, name)
    dotnetIn folder [ "new"; "web"; "--no-restore"; "-n"; name; "-o"; app ]
    let program = Path.Combine(app, "Program.cs")
    let code = File.ReadAllText program

    if not (code.Contains line) then
        failwithf "The template has no line '%s' any more:\n%s" line code

    File.WriteAllText(program, code.Replace(line, $"{line}\n{addition}"))
    let project = Path.Combine(app, $"{name}.csproj")
    dotnetIn folder [ "add"; project; "package"; package; "--version"; version ]
    dotnetIn folder [ "build"; project; "-c"; "Release"; "--nologo"; "-v"; "q"; "-nodeReuse:false"; "-p:UseSharedCompilation=false" ]
    Path.Combine(app, "bin", "Release", "net10.0", $"{name}.dll")

let private startApp name (dll: string) arguments =
    let folder = Path.GetDirectoryName dll
    start name dotnet ([ dll; "--environment"; "Development"; "--contentRoot"; folder ] @ arguments) []

let private expect what (expected: string) (actual: string) =
    if actual <> expected then failwithf "%s: expected '%s', got '%s'" what expected actual

let private hubAndNode folder version =
    let relay = $"http://127.0.0.1:{freePort ()}"
    let hubDll = newApp folder version "hub" "Tunnel.Relay" "var app = builder.Build();" "app.UseTunnelRelay();"

    let nodeDll =
        newApp
            folder
            version
            "node"
            "Tunnel.Agent"
            "var builder = WebApplication.CreateBuilder(args);"
            $"""builder.Services.AddTunnelAgent("{relay}", o => o.Slug = "demo");"""

    let hub = startApp "hub" hubDll [ "--urls"; relay; "--Tunnel:Relay:DevelopmentEnrolment"; "true" ]
    waitForUrl patience [ hub ] relay |> expect "the hub's own page" "Hello World!"
    let key = Path.Combine(folder, "tunnel.json")
    let node = startApp "node" nodeDll [ "--urls"; "http://127.0.0.1:0"; "--Tunnel:Agent:CredentialsFile"; key ]

    try
        waitForUrl patience [ hub; node ] $"{relay}/t/demo/" |> expect "the node's page through the tunnel" "Hello World!"
    finally
        stop node
        stop hub

/// What lies in each package besides its assembly, by the beginning of its name.
let private contents =
    let always = [ "README.md"; "icon.png"; "CHANGELOG.md" ]
    let library name = always @ [ "ConfigurationSchema.json"; $"buildTransitive/{name}.targets"; $"lib/net10.0/{name}.dll"; $"lib/net10.0/{name}.xml" ]
    [ "Tunnel.Relay", library "Tunnel.Relay"; "Tunnel.Agent", library "Tunnel.Agent"; "Tunnel.Cli", always ]

let private packed feed version =
    for name, expected in contents do
        use package = ZipFile.OpenRead(Path.Combine(feed, $"{name}.{version}.nupkg"))
        let missing = expected |> List.filter (fun entry -> isNull (package.GetEntry entry))
        if not missing.IsEmpty then failwithf "%s lacks %s" name (String.concat ", " missing)

/// Editors complete `appsettings.json` by the schemas that a project's packages add to its items.
let private schema folder version =
    let app = Path.Combine(folder, "both")
    dotnetIn folder [ "new"; "web"; "--no-restore"; "-n"; "both"; "-o"; app ]
    let project = Path.Combine(app, "both.csproj")

    for package in [ "Tunnel.Relay"; "Tunnel.Agent" ] do
        dotnetIn folder [ "add"; project; "package"; package; "--version"; version ]

    let cache = [ ("NUGET_PACKAGES", Path.Combine(folder, "cache")) ]
    let items = runWith cache patience dotnet [ "msbuild"; project; "-getItem:JsonSchemaSegment"; "-nodeReuse:false" ]

    let schemas =
        JsonDocument.Parse(items.Output).RootElement.GetProperty("Items").GetProperty("JsonSchemaSegment").EnumerateArray()
        |> Seq.map (fun item -> Path.GetFullPath(item.GetProperty("FullPath").GetString()))
        |> Seq.filter File.Exists
        |> Seq.map (Path.GetDirectoryName >> Path.GetDirectoryName >> Path.GetFileName)
        |> Seq.sort
        |> String.concat " "

    expect "the packages whose schemas the app's project has" "tunnel.agent tunnel.relay" schemas

let private tool folder version =
    let tools = Path.Combine(folder, "tools")
    let config = Path.Combine(folder, "nuget.config")
    dotnetIn folder [ "tool"; "install"; "Tunnel.Cli"; "--version"; version; "--tool-path"; tools; "--configfile"; config ]
    let suffix = if OperatingSystem.IsWindows() then ".exe" else ""
    let help = runChecked patience (Path.Combine(tools, "tunnel" + suffix)) [ "http"; "--help" ]

    if not (help.Contains "tunnel http <port|url>") then
        failwithf "the tool's help is not as expected:\n%s" help

/// The checks by name, for packages made of what is built already.
let checks () =
    let folder = temporaryFolder ()
    let feed = Directory.CreateDirectory(Path.Combine(folder, "feed")).FullName
    let version = $"0.0.1-test.{DateTime.UtcNow:yyyyMMddHHmmss}"
    File.WriteAllText(Path.Combine(folder, "nuget.config"), nugetConfig feed)
    Packing.pack feed [ "--no-build"; $"-p:PackageVersion={version}" ]

    [ "packages: README, schema, documentation and icon are in", (fun () -> packed feed version)
      "packages: a new hub and a new node, one line each", (fun () -> hubAndNode folder version)
      "packages: a new app's editor gets the settings' schemas", (fun () -> schema folder version)
      "packages: the tunnel command installs and runs", (fun () -> tool folder version) ]
