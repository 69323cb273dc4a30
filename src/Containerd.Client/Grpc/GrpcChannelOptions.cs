namespace Containerd.Client.Grpc;

/// <summary>Settings of a channel.</summary>
internal sealed record GrpcChannelOptions
{
    /// <summary>16 MiB: the limit of containerd's own server, each way.</summary>
    public const int DefaultMaxMessageSize = 16 * 1024 * 1024;

    /// <summary>The largest message sent, in bytes; a larger one fails with ResourceExhausted.</summary>
    public int MaxSendMessageSize { get; init; } = DefaultMaxMessageSize;

    /// <summary>The largest message accepted, in bytes, decompressed; a larger one fails with ResourceExhausted.</summary>
    public int MaxReceiveMessageSize { get; init; } = DefaultMaxMessageSize;

    /// <summary>How long one attempt to connect may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(20);

    public string UserAgent { get; init; } =
        $"containerd-powershell/{typeof(GrpcChannelOptions).Assembly.GetName().Version?.ToString(3)}";
}
