using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Containerd.Client.Connections;
using Containerd.Client.Grpc;
using Containerd.Client.Tests.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Containerd.Client.Tests.Connections;

/// <summary>Each transport carries a call to a server of its kind, and fails in a way that can be recognized.</summary>
public sealed class TransportTests : IDisposable
{
    private static readonly BytesValue s_request = new() { Value = ByteString.CopyFromUtf8("request") };
    private readonly Authority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task A_unix_socket_carries_calls()
    {
        await using var server = await FaultServer.StartAsync();
        await AssertEchoesAsync(ContainerdAddress.Parse(server.SocketPath));
    }

    [SkippableFact]
    public async Task A_socket_of_somebody_else_is_denied()
    {
        Skip.If(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "root may open every socket");
        await using var server = await FaultServer.StartAsync();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(server.SocketPath, UnixFileMode.None);
        }

        var failure = await FailsAsync(ContainerdAddress.Parse(server.SocketPath));
        Assert.Equal(SocketError.AccessDenied, Assert.IsType<SocketException>(failure.GetBaseException()).SocketErrorCode);
    }

    [Fact]
    public async Task A_named_pipe_carries_calls()
    {
        await using var server = await FaultServer.StartAsync();
        var name = $"grpc-{Guid.NewGuid():N}";
        await using var pipe = new NamedPipeServerStream(
            name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
        var bridge = BridgeAsync(pipe, server.SocketPath);
        await AssertEchoesAsync(ContainerdAddress.Parse($"npipe:////./pipe/{name}"));
        await Within.BoundedAsync(bridge);
    }

    [Fact]
    public async Task An_absent_pipe_is_unavailable()
    {
        var failure = await FailsAsync(ContainerdAddress.Parse($"npipe:////./pipe/grpc-{Guid.NewGuid():N}"));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("No server answers on the pipe", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tcp_is_plain_only_where_that_is_asked_for()
    {
        await using var server = await StartTcpAsync();
        await AssertEchoesAsync(AddressOf(server), new TlsOptions { Insecure = true });
        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(AddressOf(server))).StatusCode);
    }

    [Fact]
    public async Task Tls_carries_calls_to_a_server_of_the_trusted_authority()
    {
        await using var server = await StartTcpAsync(new HttpsConnectionAdapterOptions { ServerCertificate = _authority.Issue("localhost") });
        await AssertEchoesAsync(AddressOf(server), new TlsOptions { CACertificatePath = _authority.CertificatePath });
        await AssertEchoesAsync(AddressOf(server), new TlsOptions { CACertificate = _authority.Certificate });
        await AssertEchoesAsync(AddressOf(server, "127.0.0.1"), new TlsOptions { CACertificate = _authority.Certificate });
    }

    [Fact]
    public async Task A_server_of_another_authority_or_name_is_not_trusted()
    {
        using var other = new Authority();
        await using var server = await StartTcpAsync(new HttpsConnectionAdapterOptions { ServerCertificate = _authority.Issue("elsewhere") });
        foreach (var options in new[] { null, new TlsOptions { CACertificate = other.Certificate }, new TlsOptions { CACertificate = _authority.Certificate } })
        {
            var failure = await FailsAsync(AddressOf(server), options);
            Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
            Assert.IsType<AuthenticationException>(failure.GetBaseException());
        }
    }

    [Fact]
    public async Task Mutual_tls_lets_in_who_shows_a_certificate_of_the_authority()
    {
        using var other = new Authority();
        await using var server = await StartTcpAsync(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = _authority.Issue("localhost"),
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, _, _) => certificate.Issuer == _authority.Certificate.Subject
                && certificate.Subject == "CN=client",
        });
        await AssertEchoesAsync(AddressOf(server), _authority.ClientOptions("client"));
        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(AddressOf(server), _authority.ClientOptions("stranger"))).StatusCode);
        Assert.Equal(
            StatusCode.Unavailable,
            (await FailsAsync(AddressOf(server), new TlsOptions { CACertificatePath = _authority.CertificatePath })).StatusCode);
    }

    [Fact]
    public async Task A_tls_server_without_http2_is_refused()
    {
        await using var server = await StartTcpAsync(
            new HttpsConnectionAdapterOptions { ServerCertificate = _authority.Issue("localhost") }, HttpProtocols.Http1);
        var failure = await FailsAsync(AddressOf(server), new TlsOptions { CACertificate = _authority.Certificate });
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    [Fact]
    public void Options_that_cannot_work_are_refused_before_connecting()
    {
        var tcp = ContainerdAddress.Parse("tcp://localhost:1");
        Assert.Throws<ArgumentException>(() => Transport.For(ContainerdAddress.Parse("/run/a"), new TlsOptions()));
        Assert.Throws<ArgumentException>(() => Transport.For(tcp, new TlsOptions { CertificateKeyPath = _authority.CertificatePath }));
        Assert.ThrowsAny<IOException>(() => Transport.For(tcp, new TlsOptions { CACertificatePath = "/nowhere/ca.pem" }));
        Assert.ThrowsAny<IOException>(() => Transport.For(tcp, new TlsOptions { CertificatePath = "/nowhere/client.pem" }));
        Assert.Equal(new Uri("https://[::1]:2"), Transport.For(ContainerdAddress.Parse("tcp://[::1]:2")).Authority);
    }

    private static GrpcChannel Open(ContainerdAddress address, TlsOptions? tls)
    {
        var transport = Transport.For(address, tls);
        return new GrpcChannel(transport.Authority, transport.ConnectAsync);
    }

    private static async Task AssertEchoesAsync(ContainerdAddress address, TlsOptions? tls = null)
    {
        using var channel = Open(address, tls);
        Assert.Equal(s_request, await channel.UnaryCallAsync(FaultServer.Method(MethodType.Unary, "Echo"), s_request, Within.Guard));
    }

    private static async Task<RpcException> FailsAsync(ContainerdAddress address, TlsOptions? tls = null)
    {
        using var channel = Open(address, tls);
        return await Assert.ThrowsAsync<RpcException>(
            () => channel.UnaryCallAsync(FaultServer.Method(MethodType.Unary, "Echo"), s_request, Within.Guard));
    }

    private static ContainerdAddress AddressOf(WebApplication server, string host = "localhost")
    {
        var port = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        return ContainerdAddress.Parse($"tcp://{host}:{port}");
    }

    private static async Task<WebApplication> StartTcpAsync(
        HttpsConnectionAdapterOptions? https = null, HttpProtocols protocols = HttpProtocols.Http2)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = protocols;
            if (https is not null)
            {
                listen.UseHttps(https);
            }
        }));
        var app = builder.Build();
        app.Run(FaultServer.EchoAsync);
        await app.StartAsync();
        return app;
    }

    // Kestrel listens on named pipes on Windows only.
    private static async Task BridgeAsync(NamedPipeServerStream pipe, string socketPath)
    {
        await pipe.WaitForConnectionAsync();
        await using var socket = await TestChannel.ConnectAsync(socketPath, CancellationToken.None);
        await Task.WhenAny(pipe.CopyToAsync(socket), socket.CopyToAsync(pipe));
    }
}
