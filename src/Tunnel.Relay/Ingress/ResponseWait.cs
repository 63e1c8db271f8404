namespace Tunnel.Relay.Ingress;

/// <summary>Something that can wait for a response's head, and is its own node in the list of those that do.</summary>
internal abstract class ResponseWait
{
    /// <summary>Where it stands; guarded by the lock of its <see cref="ResponseWaits"/>, as is <see cref="IsWaiting"/>.</summary>
    public ResponseWaitPlace Place;

    public bool IsWaiting { get; set; }

    /// <summary>Whether the wait took too long. Set before <see cref="GiveUp"/>, once and for all.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>A number that changes when something moves; read under the lock.</summary>
    public abstract long Moved { get; }

    /// <summary>Ends the wait with a failure. Called without the lock, perhaps when the wait has just ended by itself.</summary>
    public abstract void GiveUp();
}

/// <summary>A place in the list.</summary>
/// <param name="Before">The one in front.</param>
/// <param name="After">The one behind.</param>
/// <param name="Since">When something was last seen to move.</param>
/// <param name="Moved">What had moved then.</param>
internal record struct ResponseWaitPlace(ResponseWait? Before, ResponseWait? After, long Since, long Moved);
