namespace Containerd.Client;

/// <summary>
/// The last ends that were reported of what is gone. A shim repeats an event that it could not deliver, and a second one
/// comes for a shim that died: they are known by this. It holds a number that is given by what there was to end.
/// </summary>
internal sealed class RecentEnds
{
    private const int Least = 1024;

    private readonly Queue<End> _order = new();
    private readonly Dictionary<End, DateTimeOffset> _ends = [];
    private int _capacity = Least;

    /// <summary>So many ends may come at once, and nothing of what comes after them soon shall push them out.</summary>
    public void Reserve(int count) => _capacity = Math.Max(_capacity, Least + count);

    /// <summary>Notes an end and when it was; false where it is known already.</summary>
    public bool Add(End end, DateTimeOffset time)
    {
        bool added = !_ends.ContainsKey(end);
        _ends[end] = time;
        if (added)
        {
            _order.Enqueue(end);
            if (_order.Count > _capacity)
            {
                _ends.Remove(_order.Dequeue());
            }
        }

        return added;
    }

    public bool Contains(End end) => _ends.ContainsKey(end);

    /// <summary>Whether what happened at a time was before the end. A container may get the same pid again.</summary>
    public bool IsBefore(End end, DateTimeOffset time) => _ends.TryGetValue(end, out DateTimeOffset ended) && time <= ended;

    /// <summary>The end of a process, or the removal of a task.</summary>
    internal readonly record struct End(string Namespace, string Id, string? ExecId, int Pid, bool Removed);
}
