using System.Management.Automation;

namespace Containerd.PowerShell.Containers;

/// <summary>A cmdlet that does something slow for many containers: it gathers them all, then works on many at a time.</summary>
public abstract class ConcurrentTargetCmdlet : ContainerTargetCmdlet
{
    private readonly List<ContainerTarget> _targets = [];

    /// <summary>How many are worked on at a time.</summary>
    [Parameter(HelpMessage = "How many containers are worked on at a time.")]
    [ValidateRange(1, 1024)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            _targets,
            new ParallelOptions { MaxDegreeOfParallelism = ThrottleLimit, CancellationToken = cancellationToken },
            async (target, token) => await TryAsync(() => FinishTargetAsync(target, token), token).ConfigureAwait(false));

    /// <summary>Whether the container is wanted: the place to ask before anything is changed.</summary>
    private protected virtual Task<bool> AcceptTargetAsync(ContainerTarget target, CancellationToken cancellationToken) => Task.FromResult(true);

    /// <summary>What to do for one container, beside others.</summary>
    private protected abstract Task FinishTargetAsync(ContainerTarget target, CancellationToken cancellationToken);

    private protected sealed override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (await AcceptTargetAsync(target, cancellationToken).ConfigureAwait(false))
        {
            _targets.Add(target);
        }
    }
}
