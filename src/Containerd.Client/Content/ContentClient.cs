using System.Diagnostics;
using Containerd.Client.Grpc;
using Containerd.Protocol.Content;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>Blobs: containerd.services.content.v1.Content.</summary>
internal sealed class ContentClient
{
    /// <summary>The beginning of a label with which content keeps other content from the collector.</summary>
    public const string ReferenceLabel = "containerd.io/gc.ref.content.";

    // Longer than another writer needs for a large layer; after it the lock is one that nobody will give up.
    private static readonly TimeSpan s_lockTimeout = TimeSpan.FromMinutes(10);

    private readonly ServiceChannel _services;

    internal ContentClient(ServiceChannel services) => _services = services;

    /// <summary>The size of a blob in bytes (Content.Info).</summary>
    /// <exception cref="CtrException">NotFound where there is none.</exception>
    public async Task<long> SizeAsync(string digest, CancellationToken cancellationToken)
    {
        InfoResponse response = await _services.CallAsync(
            ContentMethods.Info, new InfoRequest { Digest = digest }, Resource.Content(digest), cancellationToken).ConfigureAwait(false);
        return response.Info.Size;
    }

    /// <summary>Whether a blob is there (Content.Info).</summary>
    public async Task<bool> ExistsAsync(string digest, CancellationToken cancellationToken)
    {
        try
        {
            await SizeAsync(digest, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return false;
        }
    }

    /// <summary>Adds labels to a blob, or changes them; others stay (Content.Update).</summary>
    /// <exception cref="CtrException">NotFound where there is no such blob.</exception>
    public async Task SetLabelsAsync(string digest, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        if (labels.Count == 0)
        {
            return;
        }

        var info = new Info { Digest = digest };
        var mask = new FieldMask();
        foreach ((string name, string value) in labels)
        {
            info.Labels.Add(name, value);
            mask.Paths.Add($"labels.{name}");
        }

        await _services.CallAsync(
            ContentMethods.Update,
            new UpdateRequest { Info = info, UpdateMask = mask },
            Resource.Content(digest),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a blob to read it once from its start (Content.Info and Read). Errors come with the first read.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="cancellationToken">Ends the whole stream.</param>
    public Stream OpenRead(string digest, CancellationToken cancellationToken) => new ContentReadStream(
        _services, digest, () => SizeAsync(digest, cancellationToken), (offset, size) => Read(digest, offset, size, cancellationToken));

    /// <summary>Reads a small blob whole (Content.Read).</summary>
    /// <exception cref="CtrException">NotFound where there is none; ResourceExhausted where it is larger than the limit.</exception>
    public async Task<byte[]> ReadAsync(string digest, int maximumSize, CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<ReadContentResponse> call = Read(digest, offset: 0, size: 0, cancellationToken);
        var buffer = new MemoryStream();
        while (await _services.MoveNextAsync(
            call.ResponseStream, Resource.Content(digest), cancellationToken, _services.Timeout).ConfigureAwait(false))
        {
            ReadOnlyMemory<byte> piece = call.ResponseStream.Current.Data.Memory;
            if (buffer.Length + piece.Length > maximumSize)
            {
                throw new CtrException(
                    CtrErrorKind.ResourceExhausted, "ContentTooLarge", $"The content '{digest}' is larger than {maximumSize} bytes.", digest);
            }

            buffer.Write(piece.Span);
        }

        return buffer.ToArray();
    }

    /// <summary>Stores a blob (Content.Write). Content that is there already is success, and is not read.</summary>
    /// <param name="reference">The ingest's name; one that was begun is gone on with.</param>
    /// <param name="digest">The digest that the content must have; null where it is not known.</param>
    /// <param name="size">Bytes of the content.</param>
    /// <param name="content">The content, from its start.</param>
    /// <param name="labels">Labels of the blob.</param>
    /// <param name="progress">Told how many bytes the daemon has.</param>
    /// <param name="cancellationToken">Ends the write; the ingest stays until it is aborted.</param>
    public async Task WriteAsync(
        string reference,
        string? digest,
        long size,
        Stream content,
        IReadOnlyDictionary<string, string> labels,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        try
        {
            using ContentWriter writer = await OpenWriteAsync(reference, digest, size, cancellationToken).ConfigureAwait(false);
            await writer.WriteAsync(content, labels, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            // The daemon has dropped the ingest and keeps the blob under this call's lease.
        }
        catch (RpcException e)
        {
            throw _services.Translate(e, Resource.Content(digest ?? reference), cancellationToken);
        }
    }

    /// <summary>The references of the ingests that are under way, or were left behind (Content.ListStatuses).</summary>
    public async Task<IReadOnlyList<string>> ListIngestsAsync(CancellationToken cancellationToken)
    {
        ListStatusesResponse response = await _services.CallAsync(
            ContentMethods.ListStatuses, new ListStatusesRequest(), Resource.Daemon, cancellationToken).ConfigureAwait(false);
        return [.. response.Statuses.Select(status => status.Ref)];
    }

    /// <summary>Stores a blob while it is being made: neither its size nor its digest is known before.</summary>
    /// <param name="reference">The ingest's name, which nobody else uses.</param>
    /// <param name="make">Writes the content.</param>
    /// <param name="cancellationToken">Ends the write; an ingest that is not completed is dropped.</param>
    /// <returns>The digest, and the bytes. Content that was there already is success.</returns>
    public async Task<(string Digest, long Size)> WriteAsync(
        string reference, Func<Stream, Task> make, CancellationToken cancellationToken)
    {
        try
        {
            using ContentWriter writer = await OpenWriteAsync(reference, digest: null, size: 0, cancellationToken).ConfigureAwait(false);
            var stream = new ContentWriteStream(writer);
            await using (stream.ConfigureAwait(false))
            {
                await make(stream).ConfigureAwait(false);
                return await stream.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            await _services.CleanUpAsync(
                limit => AbortAsync(reference, limit), Resource.Content(reference), cancellationToken).ConfigureAwait(false);
            if (e is RpcException failed)
            {
                throw _services.Translate(failed, Resource.Content(reference), cancellationToken);
            }

            throw;
        }
    }

    /// <summary>Drops an ingest (Content.Abort); one that is gone already is no error.</summary>
    public async Task AbortAsync(string reference, CancellationToken cancellationToken)
    {
        try
        {
            await _services.CallAsync(
                ContentMethods.Abort, new AbortRequest { Ref = reference }, Resource.Content(reference), cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            // That is what was wanted.
        }
    }

    // A size of 0 is all that follows the offset.
    private AsyncServerStreamingCall<ReadContentResponse> Read(string digest, long offset, long size, CancellationToken cancellationToken) =>
        _services.StartStream(
            ContentMethods.Read, new ReadContentRequest { Digest = digest, Offset = offset, Size = size }, cancellationToken);

    /// <summary>Opens an ingest; waits while another writer has it.</summary>
    private async Task<ContentWriter> OpenWriteAsync(string reference, string? digest, long size, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        for (int attempt = 0; ; attempt++)
        {
            var writer = new ContentWriter(_services, reference, digest, size, cancellationToken);
            try
            {
                await writer.OpenAsync(cancellationToken).ConfigureAwait(false);
                return writer;
            }
            catch (RpcException e) when (IsLocked(e) && Stopwatch.GetElapsedTime(started) < s_lockTimeout)
            {
                writer.Dispose();
            }
            catch
            {
                writer.Dispose();
                throw;
            }

            // Two writers that wait for the same lock shall not ask at the same moments.
            await Task.Delay(BackOff.Delay(attempt), cancellationToken).ConfigureAwait(false);
        }
    }

    // A lost connection, or a daemon that is going down, is Unavailable too.
    private static bool IsLocked(RpcException error) =>
        error.StatusCode == StatusCode.Unavailable && error.Status.Detail.Contains("locked", StringComparison.Ordinal);
}
