using System.Management.Automation;

namespace Containerd.PowerShell.Events;

/// <summary>
/// What PowerShell's event manager subscribes to on behalf of Register-CtrEvent. It learns by it when the registration ends;
/// the events themselves are handed to the manager directly, for those that an object raises lose their order.
/// </summary>
internal sealed class EventSource(IReadOnlyList<EventRegistration> registrations, ScriptBlock? action)
{
    /// <summary>
    /// Runs <see cref="Action"/>, in the module that the manager makes for it. The job of an action that throws fails, and runs
    /// it for no event any more; an error that was caught is shown by the job too, and the next event comes.
    /// </summary>
    public static ScriptBlock RunAction { get; } = ScriptBlock.Create(
        "try { . $ExecutionContext.SessionState.Module.NewBoundScriptBlock($EventSubscriber.SourceObject.Action) @args } catch { }");

    /// <summary>What the user wants to be done for each event.</summary>
    public ScriptBlock? Action { get; } = action;

    /// <summary>Never raised.</summary>
    public event EventHandler? Received
    {
        add { }
        remove
        {
            foreach (EventRegistration registration in registrations)
            {
                registration.Dispose();
            }
        }
    }
}
