using System.Security.Cryptography;
using Containerd.Client;
using Containerd.Client.Connections;
using Containerd.Client.Grpc;

namespace Containerd.IntegrationTests.Content;

public sealed class ContentTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>, IAsyncLifetime
{
    private const int MiB = 1024 * 1024;

    private static readonly Dictionary<string, string> s_noLabels = [];

    private Lease? _lease;

    private ContentClient Content => new(_lease!.Services);

    public async Task InitializeAsync()
    {
        if (daemon.Address.Length > 0)
        {
            var address = ContainerdAddress.Parse(daemon.Address);
            var transport = Transport.For(address, null);
            var channel = new GrpcChannel(transport.Authority, transport.ConnectAsync);
            var services = new ServiceChannel(channel, address, daemon.Namespace, TimeSpan.FromMinutes(1));
            _lease = await new LeaseClient(services).AcquireAsync(CancellationToken.None);
        }
    }

    public async Task DisposeAsync()
    {
        if (_lease is not null)
        {
            await _lease.DisposeAsync();
            _lease.Services.Channel.Dispose();
        }
    }

    [SkippableFact]
    public async Task Content_that_is_removed_is_told_of()
    {
        daemon.Require();
        var bytes = RandomNumberGenerator.GetBytes(16);
        var digest = Digest(bytes);
        await using var feed = await daemon.Client.Events.SubscribeAsync(new EventSubscription { Topics = ["/content"] });
        await Content.WriteAsync("told", digest, bytes.Length, new MemoryStream(bytes), s_noLabels, null, CancellationToken.None);

        await daemon.RunCtrAsync("content", "delete", digest);

        var deletion = Assert.IsType<CtrContentDeleteEvent>((await Events.EventTests.TakeAsync(feed, value => value is CtrContentDeleteEvent && value.Id == digest))[^1]);
        Assert.Equal(("/content/delete", digest, daemon.Namespace), (deletion.Topic, deletion.Digest, deletion.Namespace));
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(MiB)]
    [InlineData((5 * MiB) + 7)]
    public async Task What_is_written_is_read_again_with_its_labels(int size)
    {
        daemon.Require();
        var bytes = RandomNumberGenerator.GetBytes(size);
        var digest = Digest(bytes);

        await Content.WriteAsync(
            $"ref-{size}", digest, size, new MemoryStream(bytes), new Dictionary<string, string> { ["color"] = "blue" }, null, CancellationToken.None);

        Assert.Equal(bytes, await Content.ReadAsync(digest, size, CancellationToken.None));
        Assert.Contains("color=blue", await daemon.RunCtrAsync("content", "list", $"digest=={digest}"), StringComparison.Ordinal);
        await Content.SetLabelsAsync(digest, new Dictionary<string, string> { ["shape"] = "round" }, CancellationToken.None);
        var labels = await daemon.RunCtrAsync("content", "list", $"digest=={digest}");
        Assert.Contains("color=blue", labels, StringComparison.Ordinal);
        Assert.Contains("shape=round", labels, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Content_that_is_there_is_success_and_is_not_read()
    {
        daemon.Require();
        var bytes = RandomNumberGenerator.GetBytes(1000);
        await WriteAsync("first", bytes, new MemoryStream(bytes));

        await WriteAsync("second", bytes, new BreakingStream(bytes, 0));

        Assert.DoesNotContain("second", await daemon.RunCtrAsync("content", "active"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_write_that_broke_off_is_gone_on_with_where_the_daemon_has_it()
    {
        daemon.Require();
        var bytes = RandomNumberGenerator.GetBytes(4 * MiB);
        await Assert.ThrowsAsync<IOException>(() => WriteAsync("resumed", bytes, new BreakingStream(bytes, 2 * MiB)));
        var progress = new Recorder();

        await Content.WriteAsync(
            "resumed", Digest(bytes), bytes.Length, new MemoryStream(bytes), s_noLabels, progress, CancellationToken.None);

        Assert.Equal(3 * MiB, progress.Values[0]);
        Assert.Equal(bytes, await Content.ReadAsync(Digest(bytes), bytes.Length, CancellationToken.None));
    }

    [SkippableFact]
    public async Task A_writer_waits_while_another_has_the_ingest()
    {
        daemon.Require();
        var bytes = RandomNumberGenerator.GetBytes(1000);
        var holder = new ContentWriter(_lease!.Services, "locked", Digest(bytes), bytes.Length, CancellationToken.None);
        await holder.OpenAsync(CancellationToken.None);

        var waiting = WriteAsync("locked", bytes, new MemoryStream(bytes));

        using (var brief = new CancellationTokenSource(TimeSpan.FromMilliseconds(300)))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => WriteAsync("locked", bytes, new MemoryStream(bytes), brief.Token));
        }

        Assert.False(waiting.IsCompleted);
        holder.Dispose();
        await waiting.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.True(await Content.ExistsAsync(Digest(bytes), CancellationToken.None));
    }

    [SkippableFact]
    public async Task An_aborted_ingest_is_gone_and_may_be_aborted_again()
    {
        daemon.Require();
        var bytes = RandomNumberGenerator.GetBytes(2 * MiB);
        await Assert.ThrowsAsync<IOException>(() => WriteAsync("aborted", bytes, new BreakingStream(bytes, MiB)));
        Assert.Contains("aborted", await daemon.RunCtrAsync("content", "active"), StringComparison.Ordinal);

        await Content.AbortAsync("aborted", CancellationToken.None);
        await Content.AbortAsync("aborted", CancellationToken.None);

        Assert.DoesNotContain("aborted", await daemon.RunCtrAsync("content", "active"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_blob_larger_than_the_limit_is_not_read_whole()
    {
        daemon.Require();
        var bytes = RandomNumberGenerator.GetBytes(3 * MiB);
        await WriteAsync("large", bytes, new MemoryStream(bytes));

        var error = await Assert.ThrowsAsync<CtrException>(() => Content.ReadAsync(Digest(bytes), MiB, CancellationToken.None));

        Assert.Equal(CtrErrorKind.ResourceExhausted, error.Kind);
    }

    [SkippableFact]
    public async Task A_blob_that_is_not_there_is_an_error_that_names_it()
    {
        daemon.Require();
        var digest = Digest([1, 2, 3]);

        var error = await Assert.ThrowsAsync<CtrException>(() => Content.ReadAsync(digest, MiB, CancellationToken.None));

        Assert.Equal("ContentNotFound", error.ErrorId);
        Assert.Contains(digest, error.Message, StringComparison.Ordinal);
        Assert.False(await Content.ExistsAsync(digest, CancellationToken.None));
    }

    [SkippableFact]
    public async Task A_lease_expires_by_itself_after_a_day()
    {
        daemon.Require();

        var leases = await daemon.RunCtrAsync("leases", "list");

        var expiry = DateTimeOffset.Parse(
            System.Text.RegularExpressions.Regex.Match(leases, @"containerd\.io/gc\.expire=(\S+)").Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(expiry - DateTimeOffset.UtcNow, TimeSpan.FromHours(23.9), TimeSpan.FromHours(24));
    }

    private Task WriteAsync(string reference, byte[] bytes, Stream content, CancellationToken cancellationToken = default) =>
        Content.WriteAsync(reference, Digest(bytes), bytes.Length, content, s_noLabels, null, cancellationToken);

    private static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private sealed class Recorder : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public void Report(long value) => Values.Add(value);
    }

    /// <summary>Fails where it has given so many bytes.</summary>
    private sealed class BreakingStream(byte[] content, int length) : MemoryStream(content, 0, length)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            return read > 0 ? read : throw new IOException("The stream broke.");
        }
    }
}
