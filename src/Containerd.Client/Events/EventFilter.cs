using System.Text;
using System.Text.RegularExpressions;

namespace Containerd.Client;

/// <summary>The topics of a subscription, as the daemon is asked for them and as they are looked at here.</summary>
internal sealed class EventFilter
{
    /// <summary>The topics whose events tell what containers and tasks there are.</summary>
    private static readonly string[] s_tracked = ["/tasks/", "/containers/"];

    // Of every event that tells what containers and tasks there are.
    private const string TrackedPattern = "^/(tasks|containers)/";

    private readonly EventSubscription _subscription;
    private readonly string? _namespace;
    private readonly string[] _patterns;
    private readonly Regex[] _topics;

    public EventFilter(EventSubscription subscription, string @namespace)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(subscription.BufferSize, 1, nameof(subscription));
        _subscription = subscription;
        _namespace = subscription.AllNamespaces ? null : @namespace;
        _patterns = [.. subscription.Topics.Select(Pattern)];
        _topics = Array.ConvertAll(_patterns, pattern => new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking));
        Tracks = subscription.Filters.Count == 0 && (_topics.Length == 0 || subscription.Topics.Any(MayBeTracked));
    }

    /// <summary>Whether containers and tasks are followed, so that what was missed can be reconstructed.</summary>
    public bool Tracks { get; }

    /// <summary>Whether an event is wanted. One of a subscription that tracks may be there for the tracking alone.</summary>
    public bool Wants(string topic) => _topics.Length == 0 || _topics.Any(pattern => pattern.IsMatch(topic));

    /// <summary>The filters for the daemon: any of them must hold.</summary>
    /// <param name="marker">A topic; those below it are wanted in any case.</param>
    public IEnumerable<string> ForDaemon(string marker)
    {
        string scope = _namespace is null ? "" : CtrFilter.Equal("namespace", _namespace);
        IEnumerable<string> topics = _patterns.Length == 0 ? [""] : _patterns.Select(pattern => CtrFilter.Match("topic", pattern));
        foreach (string topic in Tracks && _patterns.Length > 0 ? topics.Append(CtrFilter.Match("topic", TrackedPattern)) : topics)
        {
            foreach (string filter in _subscription.Filters.Count == 0 ? [""] : _subscription.Filters)
            {
                yield return CtrFilter.All([scope, topic, filter]) is { Length: > 0 } all ? all : CtrFilter.Match("topic", "^/");
            }
        }

        yield return CtrFilter.Match("topic", $"^{marker}/");
    }

    /// <summary>A regular expression, in what RE2 and .NET have in common, for a topic as people write it.</summary>
    private static string Pattern(string topic)
    {
        if (string.IsNullOrWhiteSpace(topic))
        {
            throw CtrException.InvalidArgument("InvalidTopic", "A topic is empty.", topic);
        }

        bool wildcards = topic.AsSpan().ContainsAny('*', '?');
        string rooted = topic[0] is '/' or '*' ? topic : "/" + topic;
        var pattern = new StringBuilder("^");
        foreach (char c in wildcards ? rooted : rooted.TrimEnd('/'))
        {
            _ = c switch
            {
                '*' => pattern.Append(".*"),
                '?' => pattern.Append('.'),
                _ when char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' => pattern.Append(c),
                _ when char.IsAscii(c) && !char.IsControl(c) => pattern.Append('\\').Append(c),
                _ => throw CtrException.InvalidArgument("InvalidTopic", $"The topic '{topic}' has characters that no topic has.", topic),
            };
        }

        return pattern.Append(wildcards ? "$" : "(/.*)?$").ToString();
    }

    private static bool MayBeTracked(string topic)
    {
        // Up to its first wildcard it leads into one of them, or to where they lie.
        string head = ("/" + topic.TrimStart('/')).Split('*', '?')[0].TrimEnd('/');
        return topic[0] is '*' or '?' || s_tracked.Any(tracked =>
            tracked.StartsWith(head, StringComparison.Ordinal) || head.StartsWith(tracked, StringComparison.Ordinal));
    }
}
