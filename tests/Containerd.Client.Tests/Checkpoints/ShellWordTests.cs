using System.Diagnostics;

namespace Containerd.Client.Tests.Checkpoints;

public sealed class ShellWordTests
{
    [Theory]
    [InlineData("/run/containerd/containerd.sock", "/run/containerd/containerd.sock")]
    [InlineData("tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375")]
    [InlineData("/my files/containerd.sock", "'/my files/containerd.sock'")]
    [InlineData("/it's/$HOME/`id`/\"a\\b\"/*.sock", null)]
    [InlineData("", "''")]
    public async Task A_shell_reads_it_as_it_was(string word, string? expected)
    {
        var quoted = CheckpointClient.ShellWord(word);

        Assert.Equal(expected ?? quoted, quoted);
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"printf %s {quoted}"]) { RedirectStandardOutput = true })!;
        Assert.Equal(word, await Within.BoundedAsync(shell.StandardOutput.ReadToEndAsync()));
    }
}
