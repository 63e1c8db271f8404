namespace Tunnel.Wire.Codec;

/// <summary>What a response head says before its header lines.</summary>
/// <param name="StatusCode">100 to 999; 1xx other than 101 is informational and another head follows.</param>
/// <param name="ReasonPhrase">Empty for the standard phrase.</param>
internal readonly record struct ResponseLine(int StatusCode, string ReasonPhrase)
{
    public bool IsInformational => StatusCode is >= 100 and < 200 and not 101;

    public void Write(HeadWriter head)
    {
        head.Number((uint)StatusCode);
        head.Text(ReasonPhrase);
    }

    public static ResponseLine Read(ref HeadReader head)
    {
        var status = head.Number();
        return status is >= 100 and <= 999
            ? new ResponseLine((int)status, head.Text())
            : throw new WireFormatException("A response head has no valid status code.");
    }
}
