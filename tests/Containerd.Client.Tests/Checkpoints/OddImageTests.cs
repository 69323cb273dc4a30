using System.Security.Cryptography;
using System.Text;
using Containerd.Client.Oci.Images;
using Containerd.Client.Tests.Grpc;
using Containerd.Protocol.Content;
using Containerd.Protocol.Images;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;

namespace Containerd.Client.Tests.Checkpoints;

/// <summary>An image that somebody made wrong, or to do harm, is no reason not to see the others.</summary>
public sealed class OddImageTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string> s_indexes = new()
    {
        ["not JSON"] = "checkpoint",
        ["null"] = "null",
        ["a part that is null"] = """{"manifests":[null]}""",
        ["a negative size"] = $$"""{"manifests":[{"mediaType":"{{CheckpointMediaTypes.Memory}}","size":-1}]}""",
        ["a size beyond all"] = $$"""{"manifests":[{"mediaType":"{{CheckpointMediaTypes.Memory}}","size":9223372036854775808}]}""",
        ["more than is read"] = new string(' ', ArchiveBlobs.MaximumDocument + 1),
    };

    private readonly Dictionary<string, byte[]> _blobs = [];
    private readonly ListImagesResponse _images = new();
    private FaultServer _server = null!;
    private ContainerdClient _client = null!;

    public static TheoryData<string> Indexes => [.. s_indexes.Keys];

    public async Task InitializeAsync()
    {
        _server = await FaultServer.StartAsync();
        _server.On("List", http => FaultServer.AnswerAsync(http, FaultServer.Frame(_images.ToByteArray())));
        _server.On("Read", ReadAsync);
        _client = ContainerdClient.Create(ContainerdAddress.Parse(_server.SocketPath));
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Indexes))]
    public async Task An_index_that_cannot_be_read_is_left_out(string what)
    {
        AddIndex("odd", s_indexes[what]);
        AddIndex("good", $$"""{"manifests":[{"mediaType":"{{CheckpointMediaTypes.Memory}}","size":5},{"mediaType":"x","size":2}]}""");

        Assert.Equal([("good", 7L)], (await CheckpointsAsync()).Select(checkpoint => (checkpoint.Location, checkpoint.Size!.Value)));
    }

    [Fact]
    public async Task Sizes_that_no_number_holds_are_the_largest_number()
    {
        AddIndex("odd", $$"""{"manifests":[{"mediaType":"{{CheckpointMediaTypes.Memory}}","size":9223372036854775807},{"mediaType":"x","size":9223372036854775807}]}""");

        Assert.Equal(long.MaxValue, Assert.Single(await CheckpointsAsync()).Size);
    }

    [Fact]
    public async Task An_annotation_that_is_null_is_none()
    {
        AddIndex("odd", $$"""{"manifests":[{"mediaType":"{{CheckpointMediaTypes.Memory}}"}],"annotations":{"{{CheckpointAnnotations.Container}}":null} }""");

        Assert.Null(Assert.Single(await CheckpointsAsync()).ContainerId);
    }

    [Theory]
    [InlineData(9223372036854775807, long.MaxValue)]
    [InlineData(-1, null)]
    public async Task An_image_with_such_sizes_is_listed(long size, long? expected)
    {
        var config = AddBlob("{}");
        var manifest = $$"""{"config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{config}}","size":2},"layers":[{"size":{{size}} }]}""";
        Add("odd", MediaTypes.OciManifest, manifest);

        Assert.Equal(expected, Assert.Single(await ImagesAsync()).Size);
    }

    [Fact]
    public async Task An_image_with_a_digest_that_is_none_is_listed()
    {
        AddIndex("odd", $$"""{"manifests":[{"mediaType":"{{MediaTypes.OciManifest}}","digest":"none","size":1}]}""");

        Assert.Equal("odd", Assert.Single(await ImagesAsync()).Name);
    }

    private Task<List<CtrCheckpoint>> CheckpointsAsync() => Within.BoundedAsync(_client.Checkpoints.ListAsync().ToListAsync().AsTask());

    private Task<List<CtrImage>> ImagesAsync() => Within.BoundedAsync(_client.Images.ListAsync().ToListAsync().AsTask());

    private void AddIndex(string name, string json) => Add(name, MediaTypes.OciIndex, json);

    private void Add(string name, string mediaType, string json) => _images.Images.Add(new Image
    {
        Name = name,
        Target = new() { MediaType = mediaType, Digest = AddBlob(json), Size = json.Length },
        CreatedAt = new Timestamp(),
        UpdatedAt = new Timestamp(),
    });

    private string AddBlob(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
        _blobs[digest] = bytes;
        return digest;
    }

    private async Task ReadAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var digest = ReadContentRequest.Parser.ParseFrom(body.ToArray().AsSpan(5)).Digest;
        await (_blobs.TryGetValue(digest, out var blob)
            ? FaultServer.AnswerAsync(http, [.. blob.Chunk(1 << 20).SelectMany(FrameOf)])
            : FaultServer.AnswerTrailersOnly(http, "3", ("grpc-message", "invalid checksum digest format")));
    }

    private static byte[] FrameOf(byte[] piece) => FaultServer.Frame(new ReadContentResponse { Data = ByteString.CopyFrom(piece) }.ToByteArray());
}
