using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Get-CtrProcess: the processes of running containers, with the execs among them.</summary>
[Cmdlet(VerbsCommon.Get, "CtrProcess", DefaultParameterSetName = IdSet)]
[OutputType(typeof(CtrProcess))]
public sealed class GetCtrProcessCommand : OptionalContainerTargetCmdlet
{
    /// <summary>The exec that is wanted.</summary>
    [Parameter(HelpMessage = "The exec that is wanted, also one that has ended, with its state and exit code.")]
    [ArgumentCompleter(typeof(ExecIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ExecId { get; set; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (ExecId is not null)
        {
            CtrProcess exec = await target.Client.Tasks.GetExecAsync(target.Id, ExecId, cancellationToken).ConfigureAwait(false);
            await WriteAsync(exec, cancellationToken).ConfigureAwait(false);
            return;
        }

        foreach (CtrProcess process in await target.Client.Tasks.ListProcessesAsync(target.Id, cancellationToken).ConfigureAwait(false))
        {
            await WriteAsync(process, cancellationToken).ConfigureAwait(false);
        }
    }

    private protected override async Task<IReadOnlyList<string>> ListIdsAsync(ContainerdClient client, CancellationToken cancellationToken) =>
        (await client.Tasks.ListAsync(cancellationToken).ConfigureAwait(false)).Select(task => task.Id).ToArray();
}
