namespace Tunnel.Packages.Tests;

/// <summary>A file under version control that says what a build is expected to yield. With <see cref="Approve"/> set, the test writes it.</summary>
internal static class ApprovedFile
{
    public const string Approve = "TUNNEL_APPROVE";

    public static void Check(string path, string actual)
    {
        var approved = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        if (approved == actual)
        {
            return;
        }

        if (Environment.GetEnvironmentVariable(Approve) == "1")
        {
            File.WriteAllText(path, actual);
            return;
        }

        var name = Path.GetRelativePath(Repository.Root, path);
        Assert.Fail($"""
            {name} is not what the build yields ('-' is in the file, '+' is in the build):

            {LineDiff.Of(approved, actual)}
            If the change is meant, write the file anew and review it with the rest of your change:
              {Approve}=1 dotnet test tests/Tunnel.Packages.Tests --filter "FullyQualifiedName~PublicApi|FullyQualifiedName~Schema"
            """);
    }
}
