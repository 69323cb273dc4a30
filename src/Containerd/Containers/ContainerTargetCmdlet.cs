using System.Management.Automation;
using System.Runtime.CompilerServices;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Containers;

/// <summary>
/// A cmdlet that does something for each container that it is given: by id, by wildcard, or as an object from the pipeline.
/// </summary>
/// <remarks>
/// A derived cmdlet's <see cref="CmdletAttribute"/> names <see cref="InputObjectSet"/> as its default parameter set: else an
/// object from the pipeline would be bound by its id alone, and lose its daemon and namespace.
/// </remarks>
public abstract class ContainerTargetCmdlet : TimedDaemonCmdlet
{
    /// <summary>The parameter set in which containers are named.</summary>
    protected const string IdSet = "Id";

    /// <summary>The parameter set in which containers, tasks or processes are given as objects.</summary>
    protected const string InputObjectSet = "InputObject";

    /// <summary>The containers' ids.</summary>
    [Parameter(
        ParameterSetName = IdSet,
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The container's id, or several; wildcards are allowed.")]
    [Alias("ContainerId")]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    [SupportsWildcards]
    [TextOnly]
    [ValidateNotNullOrEmpty]
    public virtual string[]? Id { get; set; }

    /// <summary>Containers, tasks or processes as other cmdlets returned them.</summary>
    [Parameter(
        ParameterSetName = InputObjectSet,
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        HelpMessage = "A container, task or process as another cmdlet returned it, or several.")]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    [ContainerTransformation]
    [ValidateNotNullOrEmpty]
    public IContainerReference[]? InputObject { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        await foreach (ContainerTarget target in FindTargetsAsync(cancellationToken).ConfigureAwait(false))
        {
            await TryAsync(() => ProcessTargetAsync(target, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What to do for one container. A failure is an error of its own and does not stop the rest.</summary>
    private protected abstract Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken);

    /// <summary>Warns where a process has ended and not all of its output could be read.</summary>
    private protected Task WarnOfTruncationAsync(bool truncated, ContainerTarget target, CancellationToken cancellationToken) => truncated
        ? WriteWarningAsync(
            $"Output of '{target.Name}' may be missing: ten seconds after its end another process, such as a child in the background, still held it open.",
            cancellationToken)
        : Task.CompletedTask;

    /// <summary>The exec that an object stands for; null for its container.</summary>
    private protected virtual string? ExecOf(IContainerReference item) => item.ExecId;

    /// <summary>
    /// The targets of the current object from the pipeline, each once. A literal id is taken as it is, on each daemon; a
    /// wildcard is matched with what each daemon has. Without an id it is everything.
    /// </summary>
    private protected async IAsyncEnumerable<ContainerTarget> FindTargetsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var process = this as IProcessCmdlet;
        if (ParameterSetName == InputObjectSet)
        {
            foreach (IContainerReference item in InputObject!)
            {
                string? execId = process?.ExecId ?? ExecOf(item);
                if (process is not null && execId is null && item is CtrProcess { Kind: CtrProcessKind.Child } child)
                {
                    throw NotAddressable(child);
                }

                yield return new ContainerTarget(ClientFor(item.Address, item.Namespace), item.ContainerId, execId);
            }

            yield break;
        }

        foreach (ContainerdClient client in Clients)
        {
            var found = new HashSet<string>();
            foreach (string id in Id ?? ["*"])
            {
                IEnumerable<string> matches = WildcardPattern.ContainsWildcardCharacters(id)
                    ? await MatchAsync(client, id, cancellationToken).ConfigureAwait(false)
                    : [id];
                foreach (string match in matches.Where(found.Add))
                {
                    yield return new ContainerTarget(client, match, process?.ExecId);
                }
            }
        }
    }

    /// <summary>The ids with which a wildcard is matched: those of the containers.</summary>
    private protected virtual async Task<IReadOnlyList<string>> ListIdsAsync(ContainerdClient client, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        await foreach (CtrContainer container in client.Containers.ListAsync(null, cancellationToken).ConfigureAwait(false))
        {
            ids.Add(container.Id);
        }

        return ids;
    }

    private static CtrException NotAddressable(CtrProcess child) => new(
        CtrErrorKind.InvalidArgument,
        "ProcessNotAddressable",
        $"Process {child.Pid} in container '{child.ContainerId}' is neither its task's first process nor an exec: containerd knows no more of it than its number.",
        child.ContainerId,
        "Choose by the property Kind: Init or Exec.");

    // Ids differ by case, so wildcards do too. A daemon that fails does not keep the next one from being asked.
    private async Task<IEnumerable<string>> MatchAsync(ContainerdClient client, string wildcard, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> ids = [];
        await TryAsync(
            async () => ids = await ListIdsAsync(client, cancellationToken).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        var pattern = WildcardPattern.Get(wildcard, WildcardOptions.CultureInvariant);
        return ids.Where(pattern.IsMatch);
    }
}
