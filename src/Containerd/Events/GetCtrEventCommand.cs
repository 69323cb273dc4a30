using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Events;

/// <summary>Get-CtrEvent: what happens in the daemon, as it happens.</summary>
[Cmdlet(VerbsCommon.Get, "CtrEvent")]
[OutputType(typeof(CtrEvent))]
public sealed class GetCtrEventCommand : EventCmdlet
{
    private int _written;

    /// <summary>Ends after so many events.</summary>
    [Parameter(HelpMessage = "Ends after so many events.")]
    [ValidateRange(1, int.MaxValue)]
    public int? Count { get; set; }

    /// <summary>How long to listen, in seconds; 0 for ever.</summary>
    [Parameter(HelpMessage = "How long to listen, in seconds; 0, the default, is until it is stopped.")]
    [ValidateRange(0, int.MaxValue / 1000)]
    public int TimeoutSec { get; set; }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (TimeoutSec > 0)
        {
            end.CancelAfter(TimeSpan.FromSeconds(TimeoutSec));
        }

        try
        {
            await Task.WhenAll(Clients.Select(client => TryAsync(() => ListenAsync(client, end), end.Token))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over, or enough were written.
        }
    }

    private async Task ListenAsync(ContainerdClient client, CancellationTokenSource end)
    {
        EventFeed feed = await SubscribeAsync(client, end.Token).ConfigureAwait(false);
        IAsyncDisposable subscription = feed;
        await using (subscription.ConfigureAwait(false))
        {
            await OnPipelineAsync(() => WriteVerbose($"Listening to {client.Address}."), end.Token).ConfigureAwait(false);
            await foreach (CtrEvent value in feed.WithCancellation(end.Token).ConfigureAwait(false))
            {
                if (IsWanted(value) && !await WriteAndCountAsync(value, end.Token).ConfigureAwait(false))
                {
                    await end.CancelAsync().ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Writes an event unless there are enough; false when it was the last.</summary>
    private async Task<bool> WriteAndCountAsync(CtrEvent value, CancellationToken cancellationToken)
    {
        int number = value is CtrEventGap ? 0 : Interlocked.Increment(ref _written);
        if (number <= (Count ?? int.MaxValue))
        {
            await WriteAsync(value, cancellationToken).ConfigureAwait(false);
        }

        return number < (Count ?? int.MaxValue);
    }
}
