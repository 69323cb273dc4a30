using Containerd.Client.Oci;

namespace Containerd.Client;

/// <summary>The labels that a new container gets.</summary>
internal static class ContainerLabels
{
    /// <summary>The signal that asks a container's process to end, under the key that containerd's Go client reads.</summary>
    public const string StopSignal = "io.containerd.image.config.stop-signal";

    /// <summary>The image's labels, over them the caller's, and those that clients of containerd look for.</summary>
    /// <exception cref="FormatException">A label of the caller's, or the stop signal, is not allowed.</exception>
    public static Dictionary<string, string> Make(ContainerCreateOptions options, ContainerImageConfig? image, string bundle)
    {
        var labels = new Dictionary<string, string>();
        foreach ((string key, string value) in image?.Labels ?? labels)
        {
            // Containerd would refuse the container for one that is too long, and the caller can't change it.
            if (LabelParser.IsValid(key, value))
            {
                labels[key] = value;
            }
        }

        if ((options.StopSignal ?? image?.StopSignal) is { Length: > 0 } signal)
        {
            labels[StopSignal] = options.StopSignal is null ? signal : CtrSignal.NameOf(CtrSignal.Parse(signal));
        }

        foreach ((string key, string value) in options.Labels)
        {
            LabelParser.Validate(key, value);
            labels[key] = value;
        }

        labels[Bundle.Label] = bundle;
        return labels;
    }
}
