using System.Collections;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the topic of containerd's own events.</summary>
internal sealed class EventTopicCompleter : ValueCompleter
{
    private static readonly string[] s_topics =
    [
        "/containers", "/containers/create", "/containers/update", "/containers/delete",
        "/content", "/content/create", "/content/delete",
        "/images", "/images/create", "/images/update", "/images/delete",
        "/namespaces", "/namespaces/create", "/namespaces/update", "/namespaces/delete",
        "/sandbox", "/sandbox/create", "/sandbox/start", "/sandbox/exit",
        "/snapshot", "/snapshot/prepare", "/snapshot/commit", "/snapshot/remove",
        "/tasks", "/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete", "/tasks/oom", "/tasks/exec-added",
        "/tasks/exec-started", "/tasks/paused", "/tasks/resumed", "/tasks/checkpointed",
    ];

    protected override IEnumerable<Candidate> Find(IDictionary boundParameters) => s_topics.Select(topic => new Candidate(topic));
}
