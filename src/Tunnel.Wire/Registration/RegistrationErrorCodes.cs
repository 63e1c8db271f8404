namespace Tunnel.Wire.Registration;

/// <summary>The codes of <see cref="ErrorMessage"/>.</summary>
internal static class RegistrationErrorCodes
{
    public const string InvalidMessage = "invalid_message";
    public const string InvalidToken = "invalid_token";
    public const string UnknownKey = "unknown_key";
    public const string SlugInvalid = "slug_invalid";
    public const string SlugReserved = "slug_reserved";
    public const string SlugNotAllowed = "slug_not_allowed";
    public const string SlugTaken = "slug_taken";
    public const string SlugQuarantined = "slug_quarantined";
    public const string SharedOrigin = "shared_origin";
    public const string TooManyTunnels = "too_many_tunnels";
    public const string DuplicateInstance = "duplicate_instance";
    public const string SessionUnknown = "session_unknown";
    public const string Overloaded = "overloaded";
    public const string ShuttingDown = "shutting_down";
}
