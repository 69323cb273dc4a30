using System.Management.Automation;

namespace Containerd.PowerShell.Binding;

/// <summary>A directory with a checkpoint: its path, or the checkpoint as a cmdlet returned it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CheckpointDirectoryAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            CtrCheckpoint { Kind: CtrCheckpointKind.Directory } checkpoint => checkpoint.Location,
            CtrCheckpoint checkpoint => throw new ArgumentTransformationMetadataException(
                $"'{checkpoint}' is no directory of this machine: Restore-CtrCheckpoint lets its task go on."),
            _ => inputData,
        };
}
