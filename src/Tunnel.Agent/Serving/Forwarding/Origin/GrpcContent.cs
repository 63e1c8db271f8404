namespace Tunnel.Agent.Serving.Forwarding.Origin;

/// <summary>Tells gRPC's content types from others: <c>application/grpc</c>, also with a format such as <c>+proto</c>.</summary>
internal static class GrpcContent
{
    private const string Type = "application/grpc";

    public static bool Is(string contentType) =>
        contentType.StartsWith(Type, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == Type.Length || contentType[Type.Length] is '+' or ';' or ' ' or '\t');
}
