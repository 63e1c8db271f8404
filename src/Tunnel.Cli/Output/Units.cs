using System.Globalization;

namespace Tunnel.Cli.Output;

/// <summary>Sizes and times as people read them, in at most eight characters.</summary>
internal static class Units
{
    public static string Size(long bytes) => bytes switch
    {
        < 1_000 => $"{bytes} B",
        < 999_950 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
        < 999_950_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
    };

    public static string Time(TimeSpan duration) => duration.TotalMilliseconds switch
    {
        < 999.5 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0} ms"),
        < 59_950 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.0} s"),
        < 3_600_000 => $"{duration.Minutes}m {duration.Seconds:00}s",
        _ => $"{(int)duration.TotalHours}h {duration.Minutes:00}m",
    };
}
