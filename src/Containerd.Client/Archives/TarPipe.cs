using System.IO.Pipes;

namespace Containerd.Client.Archives;

/// <summary>Lets a tar be read while it is being written; the kernel's pipe between the two holds 64 KiB.</summary>
internal static class TarPipe
{
    /// <summary>Runs both until both have ended. The failure of one ends the other, and is the one that is thrown.</summary>
    public static async Task RunAsync(
        Func<Stream, CancellationToken, Task> write, Func<Stream, CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var output = new AnonymousPipeServerStream(PipeDirection.Out);
        await using var _ = output.ConfigureAwait(false);
        var input = new AnonymousPipeClientStream(PipeDirection.In, output.ClientSafePipeHandle);
        await using var __ = input.ConfigureAwait(false);

        Task writing = OrStopAsync(WriteAsync(), stop);
        Task reading = OrStopAsync(read(input, stop.Token), stop);
        Task first = await Task.WhenAny(writing, reading).ConfigureAwait(false);
        await Task.WhenAll(writing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
        await Task.WhenAll(writing, reading).ConfigureAwait(false);

        async Task WriteAsync()
        {
            await write(output, stop.Token).ConfigureAwait(false);
            await output.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task OrStopAsync(Task work, CancellationTokenSource stop)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }
}
