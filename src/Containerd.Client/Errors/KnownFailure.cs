namespace Containerd.Client;

/// <summary>A refusal that daemon, shim and runc tell in words only, and what to do about it.</summary>
/// <param name="Text">What its words contain; seen from containerd 1.6 to 2.x with runc.</param>
/// <param name="Kind">What it is.</param>
/// <param name="ErrorId">Its stable name, or null for that of the kind.</param>
/// <param name="Advice">What to do.</param>
internal sealed record KnownFailure(string Text, CtrErrorKind Kind, string? ErrorId, string Advice)
{
    private const string Living = "Stop-CtrTask ends it; Remove-CtrTask -Force kills it first.";

    private static readonly KnownFailure[] s_all =
    [
        new("cannot delete a running process", CtrErrorKind.FailedPrecondition, null, Living),
        new("cannot delete a paused process", CtrErrorKind.FailedPrecondition, null, Living),
        new("cannot exec in a paused state", CtrErrorKind.FailedPrecondition, null, "Resume-CtrTask lets the container's processes go on."),
        new("cannot pause a paused container", CtrErrorKind.FailedPrecondition, null, "It is paused already: Resume-CtrTask lets it go on."),
        new("cannot resume a running process", CtrErrorKind.FailedPrecondition, null, "It is not paused: Suspend-CtrTask does that."),
        new(
            "container with given ID already exists",
            CtrErrorKind.AlreadyExists,
            null,
            "runc has a container of this namespace and id already, as where two containerd run on one host: choose another -Id or -Namespace."),
        new(
            "unable to set memory limit",
            CtrErrorKind.InvalidArgument,
            "MemoryLimitTooLow",
            "Allow more than is in use: Measure-CtrTask shows it for a task that runs, and a few MiB are needed to start one."),
        new(
            "chdir to cwd",
            CtrErrorKind.NotFound,
            "WorkingDirectoryNotFound",
            "Name a directory of the container that its user may enter."),
        new("invalid rootfs", CtrErrorKind.NotFound, "RootFsNotFound", "-RootFsPath names a directory on the daemon's host."),
        new("error mounting", CtrErrorKind.FailedPrecondition, "MountFailed", "The source of a bind mount is a path on the daemon's host, and has to be there."),
        new(
            "failed to resolve runtime path",
            CtrErrorKind.NotFound,
            "RuntimeNotFound",
            "io.containerd.NAME.VERSION stands for the program containerd-shim-NAME-VERSION, which has to be on the daemon's PATH."),
        new(
            "filters: parse error",
            CtrErrorKind.InvalidArgument,
            "InvalidFilter",
            "A filter is FIELD==VALUE, FIELD!=VALUE or FIELD~=PATTERN, with commas between those that must all hold; a value with other characters than letters, digits, '.', '_' and '-' stands in double quotes."),
        new("snapshotter not loaded", CtrErrorKind.NotFound, "SnapshotterNotFound", "Get-CtrPlugin -Type *snapshotter* lists those of the daemon."),
    ];

    public static KnownFailure? Find(string detail) =>
        Array.Find(s_all, known => detail.Contains(known.Text, StringComparison.Ordinal));
}
