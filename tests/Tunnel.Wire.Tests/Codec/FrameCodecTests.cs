using FsCheck;
using FsCheck.Fluent;
using Tunnel.Wire.Codec;
using Tunnel.Wire.Frames;

namespace Tunnel.Wire.Tests.Codec;

public sealed class FrameCodecTests
{
    [Fact]
    public void Write_GoldenFrames_GiveTheBytesOfTheSpecification()
    {
        // PROTOCOL.md, Frames: the examples.
        Assert.Equal("02 01 05 68 65 6C 6C 6F", Hex(FrameType.Data, FrameFlags.None, 1, "hello"u8));
        Assert.Equal("12 01 00", Hex(FrameType.Data, FrameFlags.End, 1, default));
        Assert.Equal("03 AC 02 03 80 80 10", Hex(FrameType.Credit, FrameFlags.None, 300, [0x80, 0x80, 0x10]));
        Assert.Equal("06 00 00", Hex(FrameType.Ping, FrameFlags.None, 0, default));
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame() => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte Type, byte Flags, uint Id, byte[] Payload)[]>(),
        frames =>
        {
            var message = new List<byte>();
            foreach (var (type, flags, id, payload) in frames)
            {
                var buffer = new byte[FrameHeader.MaxSize];
                var header = new FrameHeader((FrameType)(type & 0x0F), (FrameFlags)(flags & 0xF0), id, payload.Length);
                message.AddRange(buffer[..FrameCodec.Write(buffer, header)]);
                message.AddRange(payload);
            }

            ReadOnlySpan<byte> rest = message.ToArray();
            foreach (var (type, flags, id, payload) in frames)
            {
                var header = FrameCodec.Read(ref rest, out var read);
                Assert.Equal(new FrameHeader((FrameType)(type & 0x0F), (FrameFlags)(flags & 0xF0), id, payload.Length), header);
                Assert.True(read.SequenceEqual(payload));
            }

            Assert.True(rest.IsEmpty);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Read_AnyBytes_GivesFramesOrAFormatError()
    {
        // A fixed seed: a failure can be repeated. Nothing but WireFormatException may come out, and every call takes bytes away.
        var random = new Random(20261121);
        var bytes = new byte[64];
        for (var round = 0; round < 500_000; round++)
        {
            var length = random.Next(1, bytes.Length);
            random.NextBytes(bytes.AsSpan(0, length));
            ReadOnlySpan<byte> rest = bytes.AsSpan(0, length);
            try
            {
                while (!rest.IsEmpty)
                {
                    var before = rest.Length;
                    var header = FrameCodec.Read(ref rest, out var payload);
                    Assert.Equal(header.PayloadLength, payload.Length);
                    Assert.True(rest.Length < before);
                }
            }
            catch (WireFormatException)
            {
                // What it is for.
            }
        }
    }

    private static string Hex(FrameType type, FrameFlags flags, uint id, ReadOnlySpan<byte> payload)
    {
        var buffer = new byte[FrameHeader.MaxSize + payload.Length];
        var length = FrameCodec.Write(buffer, new FrameHeader(type, flags, id, payload.Length));
        payload.CopyTo(buffer.AsSpan(length));
        return BitConverter.ToString(buffer, 0, length + payload.Length).Replace('-', ' ');
    }
}
