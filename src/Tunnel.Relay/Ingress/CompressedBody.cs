using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Tunnel.Wire;
using Tunnel.Wire.Flow;
using Tunnel.Wire.Frames;
using Tunnel.Wire.Session;

namespace Tunnel.Relay.Ingress;

/// <summary>Gives a visitor a body that the agent has sent compressed (PROTOCOL.md, Heads), as the app wrote it.</summary>
internal sealed class CompressedBody(MemoryBudget budget)
{
    private const int BufferSize = 16 * 1024;

    /// <summary>What decompressing takes: the window of 32 KiB that RFC 1951 lets a body refer to, its tables, and the buffer below.</summary>
    private const int Memory = 64 * 1024;

    /// <exception cref="WireFormatException">It is not in the format.</exception>
    public async Task CopyAsync(HttpContext context, Exchange exchange)
    {
        if (!budget.TryReserve(Memory))
        {
            throw new ExchangeException(ErrorCode.Failed);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await CopyAsync(context, exchange, buffer);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            budget.Release(Memory);
        }
    }

    private static async Task CopyAsync(HttpContext context, Exchange exchange, byte[] buffer)
    {
        var output = context.Response.BodyWriter;
        await output.FlushAsync(); // the head does not wait for the body
        var packed = new PackedBody(exchange.Input);
        await using var body = new ZLibStream(packed, CompressionMode.Decompress);
        while (await ReadAsync(body, buffer) is > 0 and var count)
        {
            if ((await output.WriteAsync(buffer.AsMemory(0, count))).IsCompleted)
            {
                exchange.Abort(ErrorCode.Cancelled);
                context.Abort();
                return;
            }
        }

        if (packed.IsCut || await HasMoreAsync(exchange))
        {
            throw new WireFormatException("A compressed body is cut short, or has something behind it.");
        }
    }

    private static async ValueTask<int> ReadAsync(ZLibStream body, byte[] buffer)
    {
        try
        {
            return await body.ReadAsync(buffer);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException and not ExchangeException)
        {
            // An IOException where it wants a dictionary, which nobody agreed on.
            throw new WireFormatException($"A compressed body is malformed: {exception.Message}");
        }
    }

    /// <summary>Waits for the message's end: trailers come behind the body, and so does the word that all of this was worth nothing.</summary>
    private static async ValueTask<bool> HasMoreAsync(Exchange exchange)
    {
        var rest = await exchange.Input.ReadAsync();
        var hasMore = !rest.Buffer.IsEmpty || !rest.IsCompleted;
        exchange.Input.AdvanceTo(rest.Buffer.End);
        return hasMore;
    }
}
