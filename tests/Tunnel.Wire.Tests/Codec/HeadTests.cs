using System.Text;
using Tunnel.Wire.Codec;

namespace Tunnel.Wire.Tests.Codec;

public sealed class HeadTests
{
    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        var line = new RequestLine("PATCH", "/t/demo/a%2Fb?x=1&x=2", 7, "HTTP/1.1", "https", "demo.example:8443", "2001:db8::1", 50000, true, false);
        (string Name, string Value)[] headers =
        [
            ("Content-Type", "text/plain"), ("content-type", ""), ("X-Own", "caf\u00E9 \u00FF"), ("Set-Cookie", new string('c', 5000)), ("x-own", "again"),
        ];
        using var writer = HeadWriter.Rent();
        line.Write(writer);
        foreach (var (name, value) in headers)
        {
            writer.Header(name, value);
        }

        writer.EndHeaders();
        var reader = new HeadReader(writer.Written);
        Assert.Equal(line, RequestLine.Read(ref reader));
        foreach (var (name, value) in headers)
        {
            Assert.True(reader.TryHeader(out var readName, out var readValue));
            Assert.Equal(name, readName, ignoreCase: true);
            Assert.Equal(value, readValue);
        }

        Assert.False(reader.TryHeader(out _, out _));
    }

    [Fact]
    public void Header_ValueInAnEncoding_TravelsAsTheOctetsOfThatEncoding()
    {
        using var writer = HeadWriter.Rent();
        writer.Header("X-Own", "日本", Encoding.UTF8);
        Assert.Throws<InvalidOperationException>(() => writer.Header("X-Own", "日本"));

        var reader = new HeadReader(writer.Written);
        Assert.True(reader.TryHeaderOctets(out _, out var octets));
        Assert.Equal("日本"u8, octets);
    }

    [Theory]
    [InlineData("a\rb")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public void Header_ValueWithControls_IsRefused(string value)
    {
        using var writer = HeadWriter.Rent();
        var error = Assert.Throws<InvalidOperationException>(() => writer.Header("X-Own", value));
        Assert.Contains("X-Own", error.Message);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nX: y", "/")]
    [InlineData("GET", "/a b")]
    [InlineData("GET", "//\r\nHost: evil")]
    [InlineData("GET", "*")]
    [InlineData("", "/")]
    public void Read_LineThatCouldPassForTwo_IsRefused(string method, string target)
    {
        using var writer = HeadWriter.Rent();
        new RequestLine(method, target, 0, "HTTP/1.1", "http", "host", "", 0, false, false).Write(writer);
        var head = writer.Written.ToArray();
        Assert.Throws<WireFormatException>(() =>
        {
            var reader = new HeadReader(head);
            return RequestLine.Read(ref reader);
        });
    }

    [Fact]
    public void Read_AnyBytes_GivesAHeadOrAFormatError()
    {
        var random = new Random(20261121);
        for (var round = 0; round < 200_000; round++)
        {
            var head = new byte[random.Next(0, 48)];
            random.NextBytes(head);
            try
            {
                var reader = new HeadReader(head);
                ResponseLine.Read(ref reader);
                while (reader.TryHeader(out var name, out var value))
                {
                    Assert.NotEmpty(name);
                    Assert.DoesNotContain('\n', value);
                }
            }
            catch (WireFormatException)
            {
                // What it is for.
            }
        }
    }

    [Fact]
    public void HeaderNames_TableNumbers_AreUniqueAndFixed()
    {
        Assert.Equal(HeaderNames.All.Length, HeaderNames.All.ToArray().Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.True(HeaderNames.All.Length < 256);

        // Both ends count on the order; names are only added at the end.
        Assert.Equal(1, HeaderNames.NumberOf("accept"));
        Assert.Equal(28, HeaderNames.NumberOf("Content-Type"));
        Assert.Equal(88, HeaderNames.NumberOf("User-Agent"));
    }

    [Theory]
    [InlineData("C3")]
    [InlineData("616263FF")]
    [InlineData("EDA080")]
    public void Text_ThatIsNotUtf8_IsRefused(string bytes)
    {
        var head = (byte[])[(byte)(bytes.Length / 2), .. Convert.FromHexString(bytes)];
        Assert.Throws<WireFormatException>(() => new HeadReader(head).Text());
    }
}
