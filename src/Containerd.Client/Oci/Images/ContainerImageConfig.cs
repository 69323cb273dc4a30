using System.Text.Json.Serialization;
using Containerd.Client.Oci.Images;

namespace Containerd.Client;

/// <summary>What an image says about the process of its containers.</summary>
/// <remarks>Source: OCI image specification, config.md, property <c>config</c>.</remarks>
public sealed record ContainerImageConfig
{
    /// <summary>Environment variables, each <c>KEY=VALUE</c>.</summary>
    [JsonPropertyName("Env")]
    public IReadOnlyList<string> Env { get; init => field = ImageJson.List(value); } = [];

    /// <summary>The program and its first arguments.</summary>
    [JsonPropertyName("Entrypoint")]
    public IReadOnlyList<string> Entrypoint { get; init => field = ImageJson.List(value); } = [];

    /// <summary>Arguments that a command takes the place of; the program too where there is no entrypoint.</summary>
    [JsonPropertyName("Cmd")]
    public IReadOnlyList<string> Cmd { get; init => field = ImageJson.List(value); } = [];

    /// <summary>The working directory; null for <c>/</c>.</summary>
    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }

    /// <summary>The user, see <see cref="ContainerSpecOptions.User"/>; null for root.</summary>
    [JsonPropertyName("User")]
    public string? User { get; init; }

    /// <summary>The signal that asks the process to end; null for SIGTERM.</summary>
    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }

    /// <summary>Labels of the image.</summary>
    [JsonPropertyName("Labels")]
    public IReadOnlyDictionary<string, string> Labels { get; init => field = value ?? new Dictionary<string, string>(); } =
        new Dictionary<string, string>();
}
