using System.Collections;
using System.Management.Automation;

namespace Containerd.PowerShell.Binding;

/// <summary>
/// Ids or names, and no objects that have them: as text an object would lose its daemon and namespace, and what has the same
/// id elsewhere would be meant.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TextOnlyAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        inputData is IEnumerable several and not string ? several.Cast<object?>().Select(Refuse).ToArray() : Refuse(inputData);

    private static object? Refuse(object? value) =>
        (value is PSObject wrapped ? wrapped.BaseObject : value) is IContainerReference or CtrImage or CtrCheckpoint ? new NoText() : value;

    /// <summary>It can't be converted. An exception of the transformation would end the binding before -InputObject had its turn.</summary>
    private sealed class NoText
    {
        public override string ToString() =>
            throw new PSInvalidCastException("An object goes to -InputObject or through the pipeline: as text it would lose its daemon and namespace.");
    }
}
