using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Pipeline;

namespace Containerd.PowerShell.Sessions;

/// <summary>A cmdlet that talks to one daemon, or to several at once through their sessions.</summary>
public abstract class DaemonCmdlet : AsyncCmdlet
{
    private DaemonConnections? _connections;

    /// <summary>The sessions to use.</summary>
    [Parameter(HelpMessage = "The session, or several, that Connect-Ctr returned, or their names.")]
    [SessionTransformation]
    [ArgumentCompleter(typeof(SessionNameCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrSession[]? Session { get; set; }

    /// <summary>The daemon's address.</summary>
    [Parameter(HelpMessage = "The daemon's address: a path, unix:///path, npipe:////./pipe/name or tcp://host:port.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(AddressCompleter))]
    public string? Address { get; set; }

    /// <summary>containerd's namespace.</summary>
    [Parameter(HelpMessage = "containerd's namespace, such as default, moby or k8s.io.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string? Namespace { get; set; }

    /// <summary>The daemons that were named, each in its namespace. At least one.</summary>
    private protected IReadOnlyList<ContainerdClient> Clients { get; private set; } = [];

    /// <summary>The limit for each call that answers at once; null for none.</summary>
    private protected virtual TimeSpan? CallTimeout => ContainerdClientOptions.DefaultTimeout;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _connections = new DaemonConnections();
        try
        {
            Clients = Array.ConvertAll(
                _connections.Find(Session, Address, Namespace), client => client.WithTimeout(CallTimeout));
        }
        catch (Exception e) when (e is CtrException or FormatException)
        {
            ThrowTerminatingError(ErrorRecords.From(e));
        }

        foreach (ContainerdClient client in Clients)
        {
            WriteVerbose($"The daemon is {client.Address}, the namespace '{client.Namespace}'.");
        }

        base.BeginProcessing();
    }

    /// <summary>Asks <c>-WhatIf</c> and <c>-Confirm</c>, and tells of which daemon and namespace it is.</summary>
    private protected Task<bool> ShouldProcessAsync(ContainerdClient client, string target, string action, CancellationToken cancellationToken) =>
        ShouldProcessAsync($"{target} (namespace {client.Namespace} of {client.Address})", action, cancellationToken);

    /// <summary>The client for an object that was made by a daemon, and carries its address and namespace.</summary>
    private protected ContainerdClient ClientFor(string address, string @namespace) =>
        _connections!.At(address).WithNamespace(@namespace).WithTimeout(CallTimeout);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _connections?.Dispose();
        }

        base.Dispose(disposing);
    }
}
