using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;

namespace Containerd.ProtocolTests;

public sealed partial class WireCompatibilityTests(ServerProtocol server) : IClassFixture<ServerProtocol>
{
    private static readonly SortedDictionary<string, string> Client = WireFacts.Of(ClientProtocol.Files);

    [SkippableFact]
    public void Every_message_field_and_method_of_containerd_1_6_is_the_same_in_the_client()
    {
        AssertNone(ServerFacts()
            .Where(fact => Client.GetValueOrDefault(fact.Key) != fact.Value)
            .Select(fact => $"{fact.Key} is {fact.Value}, here {Client.GetValueOrDefault(fact.Key, "missing")}"));
    }

    [SkippableFact]
    public void What_the_client_has_beyond_containerd_1_6_is_a_named_addition()
    {
        var known = ServerFacts();

        AssertNone(Client.Keys.Where(name => !known.ContainsKey(name) && !LaterAdditions.Cover(name)));
    }

    [SkippableFact]
    public void A_named_addition_is_not_in_containerd_1_6()
    {
        AssertNone(ServerFacts().Keys.Where(LaterAdditions.Cover));
    }

    [Fact]
    public void A_named_addition_is_in_the_client()
    {
        AssertNone(LaterAdditions.Names
            .Where(addition => Client.Keys.All(name => !LaterAdditions.IsWithin(name, addition))));
    }

    private static void AssertNone(IEnumerable<string> findings)
    {
        var lines = string.Join('\n', findings);
        Assert.True(lines.Length == 0, lines);
    }

    private Dictionary<string, string> ServerFacts()
    {
        Skip.If(server.Unavailable is not null, $"No server protocol to compare with: {server.Unavailable}");

        var facts = WireFacts.Of(server.Files.Where(IsSpokenByClients));
        Assert.NotEmpty(facts);
        return facts.ToDictionary(fact => WithClientName(fact.Key), fact => WithClientName(fact.Value));
    }

    /// <summary>False for what the files import of protobuf and of Go's code generators.</summary>
    private static bool IsSpokenByClients(FileDescriptorProto file) =>
        file.Package is not ("google.protobuf" or "gogoproto" or "containerd.plugin");

    /// <summary>Renames the one message whose own name C# has no room for.</summary>
    private static string WithClientName(string text) => DescriptorMessage().Replace(text, "containerd.types.ContentDescriptor");

    [GeneratedRegex(@"\bcontainerd\.types\.Descriptor\b")]
    private static partial Regex DescriptorMessage();
}
