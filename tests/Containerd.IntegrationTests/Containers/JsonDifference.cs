using System.Text.Json.Nodes;

namespace Containerd.IntegrationTests.Containers;

/// <summary>Where two JSON documents differ: one line a place, <c>path: first → second</c>.</summary>
internal static class JsonDifference
{
    public static List<string> Between(JsonNode? first, JsonNode? second, string path = "")
    {
        if (JsonNode.DeepEquals(first, second))
        {
            return [];
        }

        return (first, second) switch
        {
            (JsonObject a, JsonObject b) => a.Select(member => member.Key).Union(b.Select(member => member.Key))
                .SelectMany(key => Between(a[key], b[key], path.Length == 0 ? key : $"{path}.{key}")).ToList(),
            (JsonArray a, JsonArray b) when a.Count == b.Count => a.Zip(b)
                .SelectMany((pair, index) => Between(pair.First, pair.Second, $"{path}[{index}]")).ToList(),
            (JsonArray a, JsonArray b) => Items(a, b, path),
            _ => [$"{path}: {Text(first)} → {Text(second)}"],
        };
    }

    private static List<string> Items(JsonArray first, JsonArray second, string path) =>
        [.. Missing(first, second).Select(item => $"{path}: {item} → nothing"), .. Missing(second, first).Select(item => $"{path}: nothing → {item}")];

    private static IEnumerable<string> Missing(JsonArray from, JsonArray other) =>
        from.Where(item => !other.Any(o => JsonNode.DeepEquals(o, item))).Select(Text);

    private static string Text(JsonNode? node) => node?.ToJsonString() ?? "nothing";
}
