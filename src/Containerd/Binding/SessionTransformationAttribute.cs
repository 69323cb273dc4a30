using System.Collections;
using System.Management.Automation;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Binding;

/// <summary>Sessions, or the names of open ones; wildcards are allowed.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SessionTransformationAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        Unwrap(inputData) switch
        {
            string name => Find(name),
            IEnumerable several => several.Cast<object?>().SelectMany(item => Unwrap(item) is string name ? Find(name) : [item]).ToArray(),
            _ => inputData,
        };

    private static object?[] Find(string name) =>
        [.. SessionTable.Current.Find([name], missing => throw new ArgumentTransformationMetadataException($"{missing.Message} {missing.RecommendedAction}", missing))];

    private static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
