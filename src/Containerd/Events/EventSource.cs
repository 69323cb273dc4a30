using System.Management.Automation;
using System.Threading.Channels;

namespace Containerd.PowerShell.Events;

/// <summary>
/// What PowerShell's event manager subscribes to on behalf of Register-CtrEvent. It learns by it when the registration ends;
/// the events themselves are handed to the manager directly, for those that an object raises lose their order.
/// </summary>
/// <param name="registrations">What ends with it.</param>
/// <param name="action">What the user wants to be done for each event; null where they wait for Get-Event.</param>
/// <param name="room">How many events may be handed over before their actions have run.</param>
internal sealed class EventSource(IReadOnlyList<EventRegistration> registrations, ScriptBlock? action, int room)
{
    private readonly Channel<CtrEvent> _handedOver = Channel.CreateBounded<CtrEvent>(room);

    /// <summary>
    /// Runs <see cref="Action"/>, in the module that the manager makes for it. The job of an action that throws fails, and runs
    /// it for no event any more; an error that was caught is shown by the job too, and the next event comes.
    /// </summary>
    public static ScriptBlock RunAction { get; } = ScriptBlock.Create(
        "try { . $ExecutionContext.SessionState.Module.NewBoundScriptBlock($EventSubscriber.SourceObject.Action) @args } catch { } finally { $EventSubscriber.SourceObject.Handled() }");

    /// <summary>What the user wants to be done for each event.</summary>
    public ScriptBlock? Action { get; } = action;

    /// <summary>
    /// Waits until an event may be handed over. PowerShell's queue of actions has no bound: without this, all would go there
    /// and none would wait where they are counted. The queue of Get-Event is the user's, and is not waited for.
    /// </summary>
    public ValueTask WaitForRoomAsync(CtrEvent value, CancellationToken cancellationToken) =>
        Action is null ? ValueTask.CompletedTask : _handedOver.Writer.WriteAsync(value, cancellationToken);

    /// <summary>The action has run for an event.</summary>
    public void Handled() => _handedOver.Reader.TryRead(out _);

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
