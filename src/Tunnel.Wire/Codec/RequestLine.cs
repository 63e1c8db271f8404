namespace Tunnel.Wire.Codec;

/// <summary>What a request head says before its header lines.</summary>
/// <param name="Method">The request method.</param>
/// <param name="Target">The visitor's request target in origin form, byte for byte.</param>
/// <param name="PrefixLength">How many characters of <paramref name="Target"/> are the tunnel's own prefix; 0 in subdomain mode.</param>
/// <param name="Protocol">The visitor's protocol version, such as <c>HTTP/1.1</c>.</param>
/// <param name="Scheme">The scheme that the visitor used.</param>
/// <param name="Authority">The visitor's <c>Host</c>.</param>
/// <param name="RemoteAddress">The visitor's address, empty when the relay's server does not know it.</param>
/// <param name="RemotePort">The visitor's port, or 0.</param>
/// <param name="IsUpgrade">The exchange becomes a byte stream both ways if the response is a 101.</param>
/// <param name="HasBody">A body may follow.</param>
/// <param name="Tunnel">The tunnel's number in its session, from 0.</param>
/// <param name="Service">The service's name, empty for the default one.</param>
internal readonly record struct RequestLine(
    string Method,
    string Target,
    int PrefixLength,
    string Protocol,
    string Scheme,
    string Authority,
    string RemoteAddress,
    int RemotePort,
    bool IsUpgrade,
    bool HasBody,
    int Tunnel = 0,
    string Service = "")
{
    private const ulong UpgradeBit = 1;
    private const ulong BodyBit = 2;

    public void Write(HeadWriter head)
    {
        head.Number((IsUpgrade ? UpgradeBit : 0) | (HasBody ? BodyBit : 0));
        head.Number((uint)Tunnel);
        head.Text(Service);
        head.Text(Method);
        head.Text(Target);
        head.Number((uint)PrefixLength);
        head.Text(Protocol);
        head.Text(Scheme);
        head.Text(Authority);
        head.Text(RemoteAddress);
        head.Number((uint)RemotePort);
    }

    public static RequestLine Read(ref HeadReader head)
    {
        var bits = head.Number();
        var line = new RequestLine
        {
            IsUpgrade = (bits & UpgradeBit) != 0,
            HasBody = (bits & BodyBit) != 0,
            Tunnel = (int)Math.Min(head.Number(), int.MaxValue),
            Service = head.Text(),
            Method = head.Text(),
            Target = head.Text(),
            PrefixLength = (int)Math.Min(head.Number(), int.MaxValue),
            Protocol = head.Text(),
            Scheme = head.Text(),
            Authority = head.Text(),
            RemoteAddress = head.Text(),
            RemotePort = (int)Math.Min(head.Number(), ushort.MaxValue),
        };
        return line.Target.StartsWith('/') && line.PrefixLength <= line.Target.Length && line.Method.Length > 0
            && RequestText.IsUnbroken(line.Method) && RequestText.IsUnbroken(line.Target) && RequestText.IsUnbroken(line.Authority)
            ? line
            : throw new WireFormatException("A request head has no usable method, target or authority.");
    }
}
