namespace Tunnel.Testing;

/// <summary>The other side did not follow the script. The message says what was expected, what came, and what was said before.</summary>
internal sealed class ScriptException(string message, Exception? inner = null) : Exception(message, inner);
