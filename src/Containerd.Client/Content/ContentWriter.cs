using System.Buffers;
using Containerd.Client.Grpc;
using Containerd.Protocol.Content;
using Google.Protobuf;

namespace Containerd.Client;

/// <summary>One ingest on the wire (Content.Write): it is opened, written from where the daemon has it, and committed.</summary>
/// <remarks>
/// The offset goes with every message: without it the daemon would cut the ingest off at 0. The daemon answers each
/// message, and takes 1 MiB at a time.
/// </remarks>
internal sealed class ContentWriter : IDisposable
{
    public const int PieceSize = 1024 * 1024;

    private readonly AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> _call;
    private readonly string _reference;
    private readonly string _digest;
    private readonly long _size;
    private readonly ServiceChannel _services;
    private long _offset;

    /// <param name="services">The channel, with the lease that holds the content.</param>
    /// <param name="reference">The ingest's name.</param>
    /// <param name="digest">The digest that the content must have; null where it is not known.</param>
    /// <param name="size">Bytes of the whole content; 0 where they are not known.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public ContentWriter(ServiceChannel services, string reference, string? digest, long size, CancellationToken cancellationToken)
    {
        _reference = reference;
        _digest = digest ?? "";
        _size = size;
        _services = services;
        _call = services.StartDuplex(ContentMethods.Write, cancellationToken);
    }

    /// <summary>Opens the ingest and learns how much of it the daemon has.</summary>
    /// <exception cref="RpcException">AlreadyExists where the content is there; Unavailable where another writer has the ingest.</exception>
    public Task OpenAsync(CancellationToken cancellationToken) => SendAsync(Request(WriteAction.Stat), cancellationToken);

    /// <summary>Sends the content from the daemon's offset on, to its end, and commits it.</summary>
    /// <exception cref="RpcException">AlreadyExists where another writer was faster.</exception>
    public async Task WriteAsync(
        Stream content, IReadOnlyDictionary<string, string> labels, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        // An offset at the end means that the daemon has it all, from another namespace: nothing needs to be read.
        if (_offset < _size)
        {
            await CopyAsync(content, progress, cancellationToken).ConfigureAwait(false);
        }

        await CommitAsync(labels, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a piece of 1 MiB at most.</summary>
    public Task WritePieceAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        WriteContentRequest request = Request(WriteAction.Write);
        request.Data = UnsafeByteOperations.UnsafeWrap(piece);
        return SendAsync(request, cancellationToken);
    }

    /// <summary>Makes what was sent a blob.</summary>
    /// <exception cref="RpcException">AlreadyExists where that content is there.</exception>
    public async Task CommitAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        WriteContentRequest commit = Request(WriteAction.Commit);
        foreach ((string name, string value) in labels)
        {
            commit.Labels.Add(name, value);
        }

        await CommitAsync(commit, cancellationToken).ConfigureAwait(false);
        await _call.RequestStream.CompleteAsync().ConfigureAwait(false);
        while (await AnswerLimit.WithinAsync(_services.Timeout, _call.ResponseStream.MoveNext, cancellationToken).ConfigureAwait(false))
        {
            // Nothing follows a commit but the call's end.
        }
    }

    public void Dispose() => _call.Dispose();

    private async Task CopyAsync(Stream content, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            await SkipAsync(content, _offset, buffer, cancellationToken).ConfigureAwait(false);
            int length;
            while ((length = await content.ReadAtLeastAsync(
                buffer.AsMemory(0, PieceSize), PieceSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await WritePieceAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                progress?.Report(_offset);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task SkipAsync(Stream content, long count, byte[] buffer, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            int length = (int)Math.Min(count, buffer.Length);
            await content.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            count -= length;
        }
    }

    private WriteContentRequest Request(WriteAction action) =>
        new() { Action = action, Ref = _reference, Total = _size, Expected = _digest, Offset = _offset };

    private async Task SendAsync(WriteContentRequest request, CancellationToken cancellationToken) => Take(
        await AnswerLimit.WithinAsync(_services.Timeout, limit => AskAsync(request, limit), cancellationToken).ConfigureAwait(false));

    // The daemon writes what it has to its disk first, which takes as long as it takes.
    private async Task CommitAsync(WriteContentRequest request, CancellationToken cancellationToken) => Take(
        await _services.WhileServingAsync(
            end => AskAsync(request, end).AsTask(), Resource.Content(_reference), cancellationToken).ConfigureAwait(false));

    private async ValueTask<bool> AskAsync(WriteContentRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await _call.RequestStream.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.ResourceExhausted)
        {
            // The call has ended: its status, which is read, tells why.
            await _call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false);
            throw;
        }

        return await _call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false);
    }

    private void Take(bool answered)
    {
        if (!answered)
        {
            throw new RpcException(new Grpc.Status(StatusCode.Internal, $"The daemon ended the write of '{_reference}' too early."));
        }

        _offset = _call.ResponseStream.Current.Offset;
    }
}
