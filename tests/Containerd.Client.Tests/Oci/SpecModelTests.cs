using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Oci;

public class SpecModelTests
{
    private static readonly Gen<JsonNode?> Scalar = Gen.OneOf(
        ArbMap.Default.GeneratorFor<int>().Select(i => (JsonNode?)JsonValue.Create(i)),
        ArbMap.Default.GeneratorFor<bool>().Select(b => (JsonNode?)JsonValue.Create(b)),
        Gen.Elements("", "a", "ä<&>\"\n", "1").Select(s => (JsonNode?)JsonValue.Create(s)),
        Gen.Constant((JsonNode?)null));

    private static readonly Gen<string> UnknownName = Gen.Elements("windows", "vm", "solaris", "seccomp", "blockIO", "x-new", "Ünknown");

    /// <summary>Any JSON: what stands in a member that the model does not name.</summary>
    private static Gen<JsonNode?> AnyJson(int depth) => depth == 0
        ? Scalar
        : Gen.OneOf(
            Scalar,
            AnyJson(depth - 1).ListOf(2).Select(l => (JsonNode?)new JsonArray([.. l.Select(n => n?.DeepClone())])),
            Gen.Zip(UnknownName, AnyJson(depth - 1)).Select(p => (JsonNode?)new JsonObject { [p.Item1] = p.Item2?.DeepClone() }));

    /// <summary>
    /// Objects of the spec with a choice of their known members and unknown ones. Known members hold what Go would
    /// write: never null, never empty.
    /// </summary>
    private static Gen<JsonObject> Object(params (string Name, bool Required, Gen<JsonNode?> Value)[] members) =>
        from parts in Gen.CollectToArray(members.Select(m =>
            from wanted in m.Required ? Gen.Constant(true) : ArbMap.Default.GeneratorFor<bool>()
            from value in m.Value
            select (m.Name, Value: wanted ? value?.DeepClone() : null)))
        from unknown in Gen.Zip(UnknownName, AnyJson(2)).ListOf(1)
        select Assemble(parts, unknown);

    private static JsonObject Assemble((string Name, JsonNode? Value)[] parts, IEnumerable<(string, JsonNode?)> unknown)
    {
        var result = new JsonObject();
        foreach (var (name, value) in parts.Where(p => p.Value is not null))
        {
            result[name] = value;
        }

        foreach (var (name, value) in unknown.Where(u => !result.ContainsKey(u.Item1)))
        {
            result[name] = value?.DeepClone();
        }

        return result;
    }

    private static Gen<JsonNode?> As(Gen<JsonObject> generator) => generator.Select(o => (JsonNode?)o);

    private static Gen<JsonNode?> ListOf(Gen<JsonNode?> item) =>
        item.NonEmptyListOf().Select(l => (JsonNode?)new JsonArray([.. l.Take(3).Select(n => n!.DeepClone())]));

    private static readonly Gen<JsonNode?> Text = Gen.Elements("a", "/b c", "ü=<x>").Select(s => (JsonNode?)JsonValue.Create(s));

    private static readonly Gen<JsonNode?> Number = Gen.Choose(0, int.MaxValue).Select(i => (JsonNode?)JsonValue.Create(i));

    private static readonly Gen<JsonNode?> True = Gen.Constant(0).Select(_ => (JsonNode?)JsonValue.Create(true));

    private static readonly Gen<JsonNode?> Flag = ArbMap.Default.GeneratorFor<bool>().Select(b => (JsonNode?)JsonValue.Create(b));

    private static readonly Gen<JsonNode?> Map = Gen.Zip(Text, Text).Select(p => (JsonNode?)new JsonObject { [p.Item1!.ToString()] = p.Item2!.DeepClone() });

    private static readonly Gen<JsonNode?> IdMapping = As(Object(("containerID", true, Number), ("hostID", true, Number), ("size", true, Number)));

    private static readonly Gen<JsonObject> Spec = Object(
        ("ociVersion", true, Text),
        ("hostname", false, Text),
        ("annotations", false, Map),
        ("root", false, As(Object(("path", true, Text), ("readonly", false, True)))),
        ("mounts", false, ListOf(As(Object(
            ("destination", true, Text), ("type", false, Text), ("source", false, Text), ("options", false, ListOf(Text)),
            ("uidMappings", false, ListOf(IdMapping)))))),
        ("hooks", false, As(Object(("prestart", false, ListOf(As(Object(
            ("path", true, Text), ("args", false, ListOf(Text)), ("timeout", false, Number)))))))),
        ("process", false, As(Object(
            ("terminal", false, True),
            ("consoleSize", false, As(Object(("height", true, Number), ("width", true, Number)))),
            ("user", true, As(Object(("uid", true, Number), ("gid", true, Number), ("additionalGids", false, ListOf(Number))))),
            ("args", false, ListOf(Text)),
            ("env", false, ListOf(Text)),
            ("cwd", true, Text),
            ("capabilities", false, As(Object(("bounding", false, ListOf(Text)), ("ambient", false, ListOf(Text))))),
            ("rlimits", false, ListOf(As(Object(("type", true, Text), ("hard", true, Number), ("soft", true, Number))))),
            ("noNewPrivileges", false, True),
            ("oomScoreAdj", false, Number)))),
        ("linux", false, As(Object(
            ("namespaces", false, ListOf(As(Object(("type", true, Text), ("path", false, Text))))),
            ("sysctl", false, Map),
            ("cgroupsPath", false, Text),
            ("devices", false, ListOf(As(Object(
                ("path", true, Text), ("type", true, Text), ("major", true, Number), ("minor", true, Number), ("fileMode", false, Number))))),
            ("resources", false, As(Object(
                ("devices", false, ListOf(As(Object(("allow", true, Flag), ("type", false, Text), ("major", false, Number), ("access", false, Text))))),
                ("memory", false, As(Object(("limit", false, Number), ("disableOOMKiller", false, Flag), ("kernelTCP", false, Number)))),
                ("cpu", false, As(Object(("shares", false, Number), ("quota", false, Number), ("cpus", false, Text)))),
                ("pids", false, As(Object(("limit", true, Number)))),
                ("unified", false, Map))))))));

    [Property(MaxTest = 300)]
    public Property Reading_and_writing_a_spec_gives_the_same_tree() => Prop.ForAll(Spec.ToArbitrary(), tree =>
    {
        var again = JsonNode.Parse(CtrSpec.Parse(tree.ToJsonString()).ToJson());
        return JsonNode.DeepEquals(tree, again).Label($"{tree.ToJsonString()}\n{again!.ToJsonString()}");
    });

    /// <summary>Every member that has a property, by the name in the specification.</summary>
    private const string Everything = """
        {"ociVersion":"1","hostname":"a","domainname":"a","annotations":{"a":"b"},"root":{"path":"a","readonly":true},
         "process":{"terminal":true,"consoleSize":{"height":1,"width":2},"user":{"uid":1,"gid":2,"umask":3,"additionalGids":[4],"username":"a"},
          "args":["a"],"commandLine":"a","env":["a"],"cwd":"a",
          "capabilities":{"bounding":["a"],"effective":["a"],"inheritable":["a"],"permitted":["a"],"ambient":["a"]},
          "rlimits":[{"type":"a","hard":1,"soft":2}],"noNewPrivileges":true,"apparmorProfile":"a","oomScoreAdj":-1,"selinuxLabel":"a"},
         "mounts":[{"destination":"a","type":"a","source":"a","options":["a"],"uidMappings":[{"containerID":1,"hostID":2,"size":3}],"gidMappings":[{"containerID":1,"hostID":2,"size":3}]}],
         "hooks":{"prestart":[{"path":"a","args":["a"],"env":["a"],"timeout":1}],"createRuntime":[{"path":"a"}],"createContainer":[{"path":"a"}],
          "startContainer":[{"path":"a"}],"poststart":[{"path":"a"}],"poststop":[{"path":"a"}]},
         "linux":{"uidMappings":[{"containerID":1,"hostID":2,"size":3}],"gidMappings":[{"containerID":1,"hostID":2,"size":3}],"sysctl":{"a":"b"},
          "resources":{"devices":[{"allow":true,"type":"a","major":1,"minor":2,"access":"a"}],
           "memory":{"limit":1,"reservation":2,"swap":3,"kernel":4,"kernelTCP":5,"swappiness":6,"disableOOMKiller":false,"useHierarchy":true,"checkBeforeUpdate":true},
           "cpu":{"shares":1,"quota":2,"burst":3,"period":4,"realtimeRuntime":5,"realtimePeriod":6,"cpus":"a","mems":"a","idle":7},
           "pids":{"limit":1},"unified":{"a":"b"}},
          "cgroupsPath":"a","namespaces":[{"type":"a","path":"a"}],
          "devices":[{"path":"a","type":"a","major":1,"minor":2,"fileMode":3,"uid":4,"gid":5}],
          "rootfsPropagation":"a","maskedPaths":["a"],"readonlyPaths":["a"],"mountLabel":"a"}}
        """;

    [Fact]
    public void Every_member_reaches_its_property()
    {
        var spec = CtrSpec.Parse(Everything);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Everything), JsonNode.Parse(spec.ToJson())));
        Assert.Empty(MembersWithoutProperty(spec, "spec"));
    }

    private static IEnumerable<string> MembersWithoutProperty(CtrSpecObject part, string path)
    {
        foreach (var name in part.AdditionalProperties?.Keys.ToArray() ?? [])
        {
            yield return $"{path}.{name}";
        }

        foreach (var property in part.GetType().GetProperties())
        {
            var value = property.GetValue(part);
            var parts = value as IEnumerable<CtrSpecObject> ?? (value is CtrSpecObject one ? [one] : []);
            foreach (var name in parts.SelectMany(p => MembersWithoutProperty(p, $"{path}.{property.Name}")))
            {
                yield return name;
            }
        }
    }

    [Fact]
    public void Null_and_empty_members_are_left_out_as_omitempty_does()
    {
        var spec = CtrSpec.Parse("""{"ociVersion":"1.0.2","hostname":"","mounts":null,"annotations":{},"process":{"terminal":false,"user":{"uid":0,"gid":0},"args":[],"cwd":"/"},"linux":{"resources":{"devices":[{"allow":false}]}}}""");

        Assert.Equal(
            """{"ociVersion":"1.0.2","process":{"user":{"uid":0,"gid":0},"cwd":"/"},"linux":{"resources":{"devices":[{"allow":false}]}}}""",
            spec.ToJson());
    }

    [Fact]
    public void Large_limits_keep_every_digit()
    {
        const string Json = """{"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":9223372036854775808}""";
        var spec = CtrSpec.Parse($$"""{"ociVersion":"1","process":{"user":{"uid":4294967295,"gid":0},"cwd":"/","rlimits":[{{Json}}]},"x":123456789012345678901234567890}""");

        Assert.Contains(Json, spec.ToJson(), StringComparison.Ordinal);
        Assert.Contains("123456789012345678901234567890", spec.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"process\":1}")]
    [InlineData("{\"process\":{\"user\":{\"uid\":-1}}}")]
    [InlineData("{\"ociVersion\":")]
    public void What_is_no_spec_is_refused_in_words(string json)
    {
        var e = Assert.Throws<FormatException>(() => CtrSpec.Parse(json));
        Assert.StartsWith("This is not an OCI runtime spec: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Indented_and_compact_are_the_same_tree()
    {
        var spec = CtrSpec.Parse("""{"ociVersion":"1.0.2","mounts":[{"destination":"/a"}]}""");

        Assert.Contains('\n', spec.ToJson(indented: true));
        Assert.DoesNotContain('\n', spec.ToJson());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(spec.ToJson()), JsonNode.Parse(spec.ToJson(indented: true))));
    }

    [Fact]
    public void Process_and_resources_travel_alone()
    {
        var process = CtrSpecProcess.Parse("""{"user":{"uid":1,"gid":2},"args":["a"],"cwd":"/","x":1}"""u8);
        var resources = CtrSpecResources.Parse("""{"memory":{"limit":5},"blockIO":{"weight":10}}"""u8);

        Assert.Equal("""{"user":{"uid":1,"gid":2},"args":["a"],"cwd":"/","x":1}""", JsonSerializer.Deserialize<JsonNode>(process.ToUtf8Json())!.ToJsonString());
        Assert.Equal("""{"memory":{"limit":5},"blockIO":{"weight":10}}""", JsonSerializer.Deserialize<JsonNode>(resources.ToUtf8Json())!.ToJsonString());
    }
}
