using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>Files go into containers and come out of them, and a container cannot misuse that.</summary>
public sealed class CopyTests(DaemonFixture daemon) : TaskTests(daemon), IDisposable
{
    private readonly string _host = Directory.CreateTempSubdirectory("ctr-copy-").FullName;

    public void Dispose() => Directory.Delete(_host, recursive: true);

    [SkippableFact]
    public async Task A_file_goes_in_and_comes_out()
    {
        var id = await RunningAsync();
        var file = Path.Combine(_host, "file");
        await File.WriteAllTextAsync(file, "content");

        var copied = await Tasks.CopyToAsync(id, file, "/tmp").WaitAsync(Hang);
        Assert.Equal((id, 1, 7, 0), (copied.ContainerId, copied.Files, copied.Size, copied.Skipped));
        Assert.Equal("content", (await ExecAsync(id, "cat", "/tmp/file")).StandardOutput);
        Assert.Equal("0 0", (await ExecAsync(id, "stat", "-c", "%u %g", "/tmp/file")).StandardOutput?.Trim());

        await ExecAsync(id, "sh", "-c", "echo changed >> /tmp/file; chown 33:33 /tmp/file; chmod 640 /tmp/file");
        await Tasks.CopyFromAsync(id, "/tmp/file", Path.Combine(_host, "back")).WaitAsync(Hang);
        Assert.Equal("contentchanged\n", await File.ReadAllTextAsync(Path.Combine(_host, "back")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal((UnixFileMode)0x1A0, File.GetUnixFileMode(Path.Combine(_host, "back"))); // 640
        }
    }

    [SkippableFact]
    public async Task A_tree_goes_in_and_comes_out_with_its_links_and_empty_directories()
    {
        var id = await RunningAsync();
        var made = await ExecAsync(id, "sh", "-c", "mkdir -p /t/a/empty && echo x > /t/a/x && ln -s x /t/a/l && ln -s /etc/passwd /t/p && mkfifo /t/f");
        Assert.Equal(0, made.ExitCode);

        var copied = await Tasks.CopyFromAsync(id, "/t", _host).WaitAsync(Hang);
        Assert.Equal((3, 1), (copied.Files, copied.Skipped));
        Assert.Equal("x", new FileInfo(Path.Combine(_host, "t/a/l")).LinkTarget);
        Assert.Equal("/etc/passwd", new FileInfo(Path.Combine(_host, "t/p")).LinkTarget);
        Assert.True(Directory.Exists(Path.Combine(_host, "t/a/empty")));

        await Tasks.CopyToAsync(id, Path.Combine(_host, "t/."), "/again").WaitAsync(Hang);
        Assert.Equal(
            "/again\n/again/a\n/again/a/empty\n/again/a/l\n/again/a/x\n/again/p\n",
            (await ExecAsync(id, "sh", "-c", "find /again | sort")).StandardOutput);
    }

    [SkippableFact]
    public async Task A_paused_container_gives_and_takes_files()
    {
        var id = await RunningAsync();
        await Tasks.PauseAsync(id).WaitAsync(Hang);

        await Tasks.CopyFromAsync(id, "/bin/busybox", Path.Combine(_host, "busybox")).WaitAsync(Hang);
        await Tasks.CopyToAsync(id, Path.Combine(_host, "busybox"), "/copy").WaitAsync(Hang);

        await Tasks.ResumeAsync(id).WaitAsync(Hang);
        Assert.Equal(0, (await ExecAsync(id, "cmp", "/copy", "/bin/busybox")).ExitCode);
    }

    [SkippableFact]
    public async Task A_container_whose_links_lead_out_reaches_nothing_of_the_host()
    {
        var id = await RunningAsync();
        await File.WriteAllTextAsync(Path.Combine(_host, "secret"), "secret");
        await File.WriteAllTextAsync(Path.Combine(_host, "file"), "from the host");
        Directory.CreateDirectory(Path.Combine(_host, "out"));
        var made = await ExecAsync(id, "sh", "-c", $"ln -s {_host} /host; ln -s ../../../../../../..{_host} /up; ln -s /proc/1/root{_host} /magic; ln -s {_host}/secret /secret");
        Assert.Equal(0, made.ExitCode);

        foreach (var link in new[] { "/host", "/up", "/magic" })
        {
            await AssertErrorAsync("PathNotFound", CtrErrorKind.NotFound, () => Tasks.CopyToAsync(id, Path.Combine(_host, "file"), link + "/evil"));
            await AssertErrorAsync("PathNotFound", CtrErrorKind.NotFound, () => Tasks.CopyFromAsync(id, link + "/secret", Path.Combine(_host, "out")));
        }

        await Tasks.CopyFromAsync(id, "/secret", Path.Combine(_host, "out")).WaitAsync(Hang);
        Assert.Equal(_host + "/secret", new FileInfo(Path.Combine(_host, "out/secret")).LinkTarget);
        Assert.False(File.Exists(Path.Combine(_host, "evil")));
    }

    [SkippableFact]
    public async Task What_is_not_there_is_told()
    {
        Daemon.Require();
        var running = await RunningAsync();
        var file = Path.Combine(_host, "file");
        await AssertErrorAsync("PathNotFound", CtrErrorKind.NotFound, () => Tasks.CopyFromAsync(running, "/nothing", _host));
        await AssertErrorAsync("PathNotFound", CtrErrorKind.NotFound, () => Tasks.CopyToAsync(running, file, "/tmp"));
        await AssertErrorAsync("ContainerNotFound", CtrErrorKind.NotFound, () => Tasks.CopyFromAsync("nobody", "/etc", _host));
        await AssertErrorAsync("InvalidPath", CtrErrorKind.InvalidArgument, () => Tasks.CopyFromAsync(running, "etc", _host));
        await Tasks.SendSignalAsync(running, 9, all: true);
        await Tasks.WaitAsync(running).WaitAsync(Hang);
        await AssertErrorAsync("TaskNotRunning", CtrErrorKind.FailedPrecondition, () => Tasks.CopyFromAsync(running, "/etc", _host));
        Assert.Empty(Directory.GetFileSystemEntries(_host));
    }

    [SkippableFact]
    public async Task A_cancelled_copy_ends_and_leaves_no_file_in_part()
    {
        var id = await RunningAsync();
        Assert.Equal(0, (await ExecAsync(id, "sh", "-c", "truncate -s 4G /big")).ExitCode);
        using var cancel = new CancellationTokenSource();

        var copy = Tasks.CopyFromAsync(id, "/big", _host, cancel.Token);
        while (Directory.GetFiles(_host).Length == 0)
        {
            await Task.Delay(5);
        }

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copy.WaitAsync(Hang));
        Assert.Empty(Directory.GetFiles(_host));
    }
}
