using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Events;

/// <summary>Register-CtrEvent: has PowerShell's event manager raise an event for each event of the daemon.</summary>
[Cmdlet(VerbsLifecycle.Register, "CtrEvent")]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterCtrEventCommand : EventCmdlet
{
    // So few that an end of the registration, for which PowerShell runs the actions that wait, comes soon.
    private const int MaximumWaitingActions = 16;

    // PowerShell counts its events without a lock: two that are raised at once would have one identifier.
    private static readonly SemaphoreSlim s_raising = new(1);

    // An action that runs meanwhile, as PowerShell is idle, may itself wait for an event.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);

    private int _raised;

    /// <summary>What to do for each event.</summary>
    [Parameter(HelpMessage = "What to do for each event, which is $args[0]. Without it, events wait for Get-Event.")]
    [ValidateNotNull]
    public ScriptBlock? Action { get; set; }

    /// <summary>The name of the registration.</summary>
    [Parameter(HelpMessage = "The name of the registration, for Unregister-Event, Wait-Event and Get-Event; by default a new one.")]
    [ValidateNotNullOrEmpty]
    public string? SourceIdentifier { get; set; }

    /// <summary>Ends after so many events.</summary>
    [Parameter(HelpMessage = "Ends the registration after so many events; 0, the default, is until Unregister-Event.")]
    [ValidateRange(0, int.MaxValue)]
    public int MaxTriggerCount { get; set; }

    /// <summary>Something that each event carries.</summary>
    [Parameter(HelpMessage = "Something that each event carries: $Event.MessageData in the action.")]
    public PSObject? MessageData { get; set; }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        string name = SourceIdentifier ?? Guid.NewGuid().ToString();
        var registrations = new List<EventRegistration>();
        try
        {
            foreach (ContainerdClient client in Clients)
            {
                // The connection of this command ends with it.
                var connection = ContainerdClient.Create(client.Address, client.Namespace, client.Options);
                registrations.Add(new EventRegistration(connection));
                await registrations[^1].SubscribeAsync(SubscribeAsync, cancellationToken).ConfigureAwait(false);
            }

            PSEventSubscriber? subscriber = null;
            await OnPipelineAsync(() => subscriber = Subscribe(name, registrations), cancellationToken).ConfigureAwait(false);
            if (subscriber is null)
            {
                throw new CtrException(
                    CtrErrorKind.AlreadyExists,
                    "SubscriptionAlreadyExists",
                    $"There is an event subscription '{name}' already.",
                    name,
                    "Choose another -SourceIdentifier, or end it with Unregister-Event.");
            }

            if (subscriber.Action is not null)
            {
                await WriteAsync(subscriber.Action, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            registrations.ForEach(registration => registration.Dispose());
            throw;
        }
    }

    /// <summary>Subscribes; null where the name is taken.</summary>
    private PSEventSubscriber? Subscribe(string name, List<EventRegistration> registrations)
    {
        if (Events.GetEventSubscribers(name).Any())
        {
            return null;
        }

        PSEventManager manager = Events;
        var source = new EventSource(registrations, Action, Math.Min(BufferSize, MaximumWaitingActions));
        PSEventSubscriber subscriber = manager.SubscribeEvent(
            source,
            nameof(EventSource.Received),
            name,
            MessageData,
            Action is null ? null : EventSource.RunAction,
            supportEvent: false,
            forwardEvent: false,
            maxTriggerCount: MaxTriggerCount);
        foreach (EventRegistration registration in registrations)
        {
            registration.Start((value, cancellationToken) => RaiseAsync(manager, source, name, value, cancellationToken));
        }

        return subscriber;
    }

    private async Task RaiseAsync(PSEventManager manager, EventSource source, string name, CtrEvent value, CancellationToken cancellationToken)
    {
        // The manager keeps what is raised beyond its count for nobody.
        if (IsWanted(value) && (MaxTriggerCount == 0 || Interlocked.Increment(ref _raised) <= MaxTriggerCount))
        {
            await source.WaitForRoomAsync(value, cancellationToken).ConfigureAwait(false);

            // On this thread, as the manager's own would lose the order; the action is not waited for.
            bool alone = await s_raising.WaitAsync(s_patience, cancellationToken).ConfigureAwait(false);
            try
            {
                manager.GenerateEvent(name, null, [value], MessageData, processInCurrentThread: true, waitForCompletionInCurrentThread: false);
            }
            finally
            {
                if (alone)
                {
                    s_raising.Release();
                }
            }
        }
    }
}
