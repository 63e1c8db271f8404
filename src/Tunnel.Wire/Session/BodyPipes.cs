using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Tunnel.Wire.Session;

/// <summary>Pipes for received bodies, reused from exchange to exchange. At most 256 are kept, each without a buffer.</summary>
internal static class BodyPipes
{
    private const int MaxKept = 256;
    private static readonly ConcurrentQueue<Pipe> Kept = new();

    // No thresholds: credit bounds what a pipe holds, and the receiving loop never waits for a reader.
    private static readonly PipeOptions Options = new(
        readerScheduler: PipeScheduler.ThreadPool,
        writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: 0,
        resumeWriterThreshold: 0,
        minimumSegmentSize: 4096,
        useSynchronizationContext: false);

    public static Pipe Rent() => Kept.TryDequeue(out var pipe) ? pipe : new Pipe(Options);

    /// <summary>Both ends must be completed and nobody may read any more.</summary>
    public static void Return(Pipe pipe)
    {
        pipe.Reset();
        if (Kept.Count < MaxKept)
        {
            Kept.Enqueue(pipe);
        }
    }
}
