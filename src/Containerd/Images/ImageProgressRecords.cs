using System.Globalization;
using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Images;

/// <summary>
/// Turns the client's many reports into a few progress records: one activity for each part of an image, with an id that
/// stays the same, and of each only the latest state.
/// </summary>
internal sealed class ImageProgressRecords(string activity, int firstActivity) : IProgress<ImageProgress>
{
    private const double MiB = 1024 * 1024;

    private readonly object _lock = new();
    private readonly Dictionary<(ImageStage, string), int> _ids = [];
    private readonly Dictionary<int, ImageProgress> _changed = [];
    private readonly HashSet<int> _shown = [];

    /// <summary>The first id that is free.</summary>
    public int NextActivity => firstActivity + _ids.Count;

    public void Report(ImageProgress value)
    {
        lock (_lock)
        {
            if (!_ids.TryGetValue((value.Stage, value.Part), out int id))
            {
                _ids.Add((value.Stage, value.Part), id = NextActivity);
            }

            _changed[id] = value;
        }
    }

    /// <summary>What has changed since the last time.</summary>
    public IReadOnlyList<ProgressRecord> Take()
    {
        lock (_lock)
        {
            var records = new List<ProgressRecord>();
            foreach ((int id, ImageProgress progress) in _changed)
            {
                bool done = progress.Bytes >= progress.TotalBytes;
                if (done ? _shown.Remove(id) : _shown.Add(id) || progress.Bytes > 0)
                {
                    records.Add(Record(id, progress, done));
                }
            }

            _changed.Clear();
            return records;
        }
    }

    /// <summary>The end of all activities that are still shown.</summary>
    public IReadOnlyList<ProgressRecord> Complete()
    {
        lock (_lock)
        {
            ProgressRecord[] records =
                [.. _shown.Select(id => new ProgressRecord(id, activity, "Done") { RecordType = ProgressRecordType.Completed })];
            _shown.Clear();
            return records;
        }
    }

    private ProgressRecord Record(int id, ImageProgress progress, bool done)
    {
        bool storing = progress.Stage == ImageStage.Storing;
        string size = storing
            ? string.Create(CultureInfo.CurrentCulture, $"{progress.Bytes / MiB:N1} of {progress.TotalBytes / MiB:N1} MiB")
            : string.Create(CultureInfo.CurrentCulture, $"{progress.TotalBytes / MiB:N1} MiB");
        return new ProgressRecord(id, activity, $"{progress.Stage} {Brief(progress.Part)}: {size}")
        {
            PercentComplete = storing && progress.TotalBytes > 0 ? (int)(progress.Bytes * 100 / progress.TotalBytes) : -1,
            RecordType = done ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        };
    }

    private static string Brief(string part)
    {
        const int DigestLength = 19;
        return part.Contains(':', StringComparison.Ordinal) && part.Length > DigestLength ? part[..DigestLength] : part;
    }
}
