using System.Management.Automation;

namespace Containerd.PowerShell.Binding;

/// <summary>Containers, tasks or processes.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ContainerTransformationAttribute : RecordTransformationAttribute<IContainerReference>
{
    protected override IContainerReference? FromProperties(PSObject item, string address, string @namespace) =>
        (Text(item, "ContainerId") ?? Text(item, "Id")) is not { } id ? null : new CtrProcess
        {
            ContainerId = id,
            ExecId = Text(item, "ExecId"),
            Kind = Value<CtrProcessKind>(item, "Kind") ?? CtrProcessKind.Init,
            Pid = 0,
            Address = address,
            Namespace = @namespace,
        };
}

/// <summary>Images.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ImageTransformationAttribute : RecordTransformationAttribute<CtrImage>
{
    protected override CtrImage? FromProperties(PSObject item, string address, string @namespace) =>
        Text(item, "Name") is not { } name ? null : new CtrImage { Name = name, Target = new CtrDescriptor(), Address = address, Namespace = @namespace };
}

/// <summary>Checkpoints.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CheckpointTransformationAttribute : RecordTransformationAttribute<CtrCheckpoint>
{
    protected override CtrCheckpoint? FromProperties(PSObject item, string address, string @namespace) =>
        Text(item, "Location") is not { } location || Value<CtrCheckpointKind>(item, "Kind") is not { } kind ? null : new CtrCheckpoint
        {
            Location = location,
            Kind = kind,
            ContainerId = Text(item, "ContainerId"),
            Address = address,
            Namespace = @namespace,
        };
}
