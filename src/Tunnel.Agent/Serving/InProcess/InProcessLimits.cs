namespace Tunnel.Agent.Serving.InProcess;

/// <summary>What in-process requests start with.</summary>
/// <param name="MaxRequestBodySize">Bytes, or <see langword="null"/> for none.</param>
/// <param name="AllowSynchronousIO">Whether bodies may be read and written synchronously.</param>
/// <param name="OnApplicationError">Hears of what the application threw and nothing handled.</param>
internal sealed record InProcessLimits(long? MaxRequestBodySize, bool AllowSynchronousIO, Action<Exception> OnApplicationError);
