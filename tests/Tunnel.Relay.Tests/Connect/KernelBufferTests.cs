using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Tunnel.Relay.Connect;

namespace Tunnel.Relay.Tests.Connect;

public sealed class KernelBufferTests
{
    [Fact]
    public void A_links_send_buffer_is_kept_short_where_the_platform_can()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var context = new DefaultHttpContext();
        context.Features.Set<IConnectionSocketFeature>(new Connection(socket));

        KernelBuffer.Limit(context);

        if (OperatingSystem.IsLinux())
        {
            var value = new byte[4];
            socket.GetRawSocketOption(6, 25, value);
            Assert.Equal(RelayDefaults.UnsentInKernel, BitConverter.ToInt32(value));
        }
    }

    [Fact]
    public void A_socket_without_the_option_or_none_is_left_alone()
    {
        var context = new DefaultHttpContext();
        KernelBuffer.Limit(context);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        context.Features.Set<IConnectionSocketFeature>(new Connection(socket));
        KernelBuffer.Limit(context);
        socket.Dispose();
        KernelBuffer.Limit(context);
    }

    private sealed class Connection(Socket socket) : IConnectionSocketFeature
    {
        public Socket Socket => socket;
    }
}
