namespace Containerd.PowerShell.Events;

/// <summary>
/// What PowerShell's event manager subscribes to on behalf of Register-CtrEvent. It learns by it when the registration ends;
/// the events themselves are handed to the manager directly, for those that an object raises lose their order.
/// </summary>
internal sealed class EventSource(IReadOnlyList<EventRegistration> registrations)
{
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
