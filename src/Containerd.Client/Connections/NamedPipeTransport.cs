using System.IO.Pipes;
using System.Security.Principal;

namespace Containerd.Client.Connections;

/// <summary>Streams over a named pipe of this machine.</summary>
internal sealed class NamedPipeTransport(string name)
{
    private const string ThisMachine = ".";

    // A pipe whose instances are all taken has a new one in a moment; one that isn't there has no server.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <exception cref="IOException">No server listens on the pipe, or it has no instance free.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open it.</exception>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        // The server may learn who we are, but not act as us.
        var pipe = new NamedPipeClientStream(
            ThisMachine, name, PipeDirection.InOut, PipeOptions.Asynchronous, TokenImpersonationLevel.Identification);
        try
        {
            await pipe.ConnectAsync(s_patience, cancellationToken).ConfigureAwait(false);
            return pipe;
        }
        catch (TimeoutException exception)
        {
            await pipe.DisposeAsync().ConfigureAwait(false);
            throw new IOException($"No server answers on the pipe '{name}'.", exception);
        }
        catch
        {
            await pipe.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
