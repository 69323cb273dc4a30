using System.Collections;
using Containerd.Client.Oci;

namespace Containerd.PowerShell.Binding;

/// <summary>A size: a number of bytes, or text such as <c>64MB</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ByteSizeTransformationAttribute : TextTransformationAttribute<long>
{
    /// <summary>Whether -1 is allowed, which stands for no limit.</summary>
    public bool Unlimited { get; init; }

    protected override long Parse(string text) => Unlimited && text == "-1" ? -1 : ByteSize.Parse(text);
}

/// <summary>A resource limit, such as <c>nofile=1024:2048</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class RlimitTransformationAttribute : TextTransformationAttribute<CtrSpecRlimit>
{
    protected override CtrSpecRlimit Parse(string text) => RlimitParser.Parse(text);
}

/// <summary>A device, such as <c>/dev/fuse</c> or <c>/dev/sda:/dev/xvda:r</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DeviceTransformationAttribute : TextTransformationAttribute<DeviceMapping>
{
    protected override DeviceMapping Parse(string text) => DeviceParser.Parse(text);
}

/// <summary>A mount: text in ctr's or Docker's form, or a hashtable with its parts.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MountTransformationAttribute : TextTransformationAttribute<CtrSpecMount>
{
    protected override CtrSpecMount Parse(string text) => MountParser.Parse(text);

    /// <summary>The same parts as in text, so that the same is allowed.</summary>
    protected override CtrSpecMount FromDictionary(IDictionary value) =>
        MountParser.Parse(string.Join(',', value.Cast<DictionaryEntry>().Select(Field)));

    private static string Field(DictionaryEntry entry)
    {
        string text = entry.Value is not string and IEnumerable several
            ? string.Join(':', several.Cast<object>())
            : entry.Value?.ToString() ?? "";
        string field = $"{entry.Key}={text}";
        return $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
