namespace Tunnel.Wire.Flow;

/// <summary>What counts as quick on a path: the rule by which windows and logs grow to bandwidth times delay, and no further.</summary>
internal static class PathTime
{
    // On one machine a round trip is a few microseconds, and the processes' own pace decides.
    private static readonly TimeSpan Least = TimeSpan.FromMicroseconds(250);

    /// <summary>Two round trips: what is turned over within them fills the path with at most twice what it holds.</summary>
    public static TimeSpan OfTwoRoundTrips(TimeSpan roundTrip) => roundTrip * 2 is var two && two > Least ? two : Least;

    /// <summary>How quickly what was on its way has been acknowledged.</summary>
    public static LapPace PaceOf(TimeSpan lap, TimeSpan roundTrip)
    {
        var quick = OfTwoRoundTrips(roundTrip);
        return lap <= quick ? LapPace.Quick : lap <= quick * 2 ? LapPace.Steady : LapPace.Slow;
    }
}

/// <summary>What a lap tells of the path: the time from sending until all that was on its way then is acknowledged.</summary>
internal enum LapPace
{
    /// <summary>The path would hold more.</summary>
    Quick,

    /// <summary>The path holds what is sent.</summary>
    Steady,

    /// <summary>Most of what is sent stands in a queue on the path.</summary>
    Slow,
}
