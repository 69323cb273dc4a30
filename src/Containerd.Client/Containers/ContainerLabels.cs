using Containerd.Client.Oci;

namespace Containerd.Client;

/// <summary>The labels that a new container gets.</summary>
internal static class ContainerLabels
{
    /// <summary>The signal that asks a container's process to end, under the key that containerd's Go client reads.</summary>
    public const string StopSignal = "io.containerd.image.config.stop-signal";

    /// <summary>
    /// The caller's labels, and those that clients of containerd look for.
    /// </summary>
    /// <exception cref="FormatException">A label, or the stop signal, is not allowed.</exception>
    public static Dictionary<string, string> Of(ContainerCreateOptions options, string bundle)
    {
        var labels = new Dictionary<string, string>();
        foreach ((string key, string value) in options.Labels)
        {
            ContainerLabel.Validate(key, value);
            labels[key] = value;
        }

        if (options.StopSignal is { } signal)
        {
            labels[StopSignal] = CtrSignal.NameOf(CtrSignal.Parse(signal));
        }

        labels[Bundle.Label] = bundle;
        return labels;
    }

    /// <summary>Adds what the image says and the caller does not.</summary>
    public static void AddImage(IDictionary<string, string> labels, ContainerImageConfig image)
    {
        if (image.StopSignal is { Length: > 0 } signal)
        {
            labels.TryAdd(StopSignal, signal);
        }

        foreach ((string key, string value) in image.Labels)
        {
            // The daemon would refuse the container for one that is too long, and the caller cannot change it.
            if (ContainerLabel.IsValid(key, value))
            {
                labels.TryAdd(key, value);
            }
        }
    }
}
