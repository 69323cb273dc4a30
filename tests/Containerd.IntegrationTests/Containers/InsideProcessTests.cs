using Containerd.Client;
using Containerd.Client.Oci;
using Containerd.IntegrationTests.Images;

namespace Containerd.IntegrationTests.Containers;

/// <summary>What the image and the caller say together: arguments, environment, directory, user, stop signal; and the terminal.</summary>
public sealed class InsideProcessTests(DaemonFixture daemon) : InsideTests(daemon)
{
    private const string Name = "docker.io/library/entry:latest";

    private const string Configuration = """
        {"Entrypoint":["echo","entry"],"Cmd":["cmd"],"Env":["PATH=/bin","KEPT=1","CHANGED=2","REMOVED=3"],
         "WorkingDir":"/home/app","User":"app:extra","StopSignal":"SIGUSR1","Labels":{"of":"the image"}}
        """;

    // null keeps the image's; words are separated by spaces.
    [SkippableTheory]
    [InlineData(null, null, "entry cmd")]
    [InlineData(null, "given more", "entry given more")]
    [InlineData(null, "", "entry")]
    [InlineData("echo other", null, "other")]
    [InlineData("echo other", "given", "other given")]
    [InlineData("", "echo bare", "bare")]
    public async Task Entrypoint_and_command_are_put_together(string? entrypoint, string? command, string output) =>
        Assert.Equal(output + "\n", await ImageOutputAsync(options => options with { Entrypoint = Words(entrypoint), Command = Words(command) }));

    [SkippableFact]
    public async Task The_environment_is_the_images_with_variables_set_overridden_and_removed() => Assert.Equal(
        "CHANGED=a b=c\nEMPTY=\nHOME=/home/app\nKEPT=1\nNEW=\"'$x\\\nPATH=/bin\nPWD=/home/app\n",
        await ImageOutputAsync(options => options with
        {
            Entrypoint = ["sh", "-c", "unset SHLVL; env | sort"],
            Environment = ["CHANGED=a b=c", "REMOVED", "EMPTY=", "NEW=\"'$x\\", "NOT_THERE"],
        }));

    [SkippableFact]
    public async Task User_and_directory_are_the_images_unless_the_caller_says_otherwise()
    {
        string[] show = ["sh", "-c", "echo $(id -u) $(id -G) $PWD"];

        Assert.Equal("1000 2000 /home/app\n", await ImageOutputAsync(options => options with { Entrypoint = show }));
        Assert.Equal("0 0 /tmp\n", await ImageOutputAsync(options => options with { Entrypoint = show, User = "root", WorkingDirectory = "/tmp" }));
    }

    [SkippableTheory]
    [InlineData(null, 10)]
    [InlineData("SIGUSR2", 12)]
    [InlineData("RTMIN+1", 35)]
    public async Task A_stop_sends_the_images_signal_or_the_callers(string? signal, int number)
    {
        await ImportAsync();
        var options = Shell(
            $"trap 'exit {number}' {number}; touch /tmp/ready; while :; do sleep 0.1; done",
            o => o with { Entrypoint = [] }) with { Image = Name, StopSignal = signal };
        var id = (await Daemon.Client.Containers.CreateAsync(options).WaitAsync(Hang)).Id;
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "until [ -e /tmp/ready ]; do sleep 0.05; done");

        Assert.Equal(number, (await Tasks.StopAsync(id, null, Hang).WaitAsync(Hang)).ExitCode);

        await RemoveAsync(id);
    }

    [SkippableFact]
    public async Task A_terminal_is_the_containers_first_and_joins_both_outputs()
    {
        var (output, error, code) = await RunAsync(Shell("tty; echo $TERM; echo error >&2; stat -c %t,%T /dev/console", options => options with { Terminal = true }));

        Assert.Equal(("/dev/pts/0\r\nxterm\r\nerror\r\n88,0\r\n", "", 0), (output, error, code));
    }

    [SkippableFact]
    public async Task Without_a_terminal_there_is_none()
    {
        var (output, _, code) = await RunAsync(Shell("tty"));

        Assert.Equal(("not a tty\n", 1), (output, code));
    }

    private static string[]? Words(string? text) => text?.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private async Task<string> ImageOutputAsync(Func<ContainerSpecOptions, ContainerSpecOptions> specify)
    {
        await ImportAsync();
        return await OutputAsync(new ContainerCreateOptions
        {
            Image = Name,
            SpecOptions = specify(new ContainerSpecOptions { Id = $"c-{Guid.NewGuid():N}" }),
        });
    }

    private async Task ImportAsync()
    {
        Daemon.Require();
        if (await Daemon.Client.Images.ListAsync().AnyAsync(image => image.Name == Name))
        {
            return;
        }

        var layer = BusyboxLayer.Read(Daemon.ImagesDirectory);
        var builder = new OciArchiveBuilder();
        builder.Name(builder.AddManifest(OciArchiveBuilder.Architecture, Configuration, [OciArchiveBuilder.Digest(layer)], layer), Name);
        using var archive = new MemoryStream(builder.ToArray());
        await Daemon.Client.Images.ImportAsync(archive).WaitAsync(Hang);
    }
}
