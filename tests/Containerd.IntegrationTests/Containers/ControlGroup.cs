namespace Containerd.IntegrationTests.Containers;

/// <summary>The control group that a process reads in its /proc/self/cgroup, in the host's file system.</summary>
internal sealed class ControlGroup
{
    private const string Root = "/sys/fs/cgroup";

    private readonly Dictionary<string, string> _paths = [];

    public ControlGroup(string procSelfCgroup)
    {
        foreach (var line in procSelfCgroup.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(':', 3);
            foreach (var controller in fields[1].Split(','))
            {
                _paths[controller] = fields[2];
            }
        }
    }

    /// <summary>The path within the hierarchies that have controllers.</summary>
    public string Path => _paths.GetValueOrDefault("memory", _paths.GetValueOrDefault("", ""));

    /// <summary>Whether a controller has a hierarchy of its own (version 1).</summary>
    public bool IsLegacy(string controller) => _paths.ContainsKey(controller);

    /// <summary>A file of a controller; its name where there are hierarchies (version 1) and where there is one (version 2).</summary>
    public string Read(string controller, string legacy, string unified) => File.ReadAllText(IsLegacy(controller)
        ? System.IO.Path.Join(Root, controller, _paths[controller], legacy)
        : System.IO.Path.Join(Root, _paths[""], unified)).Trim();
}
