namespace Containerd.PowerShell.Binding;

/// <summary>Reads a signal as it is typed.</summary>
internal static class SignalArgument
{
    /// <summary>The signal's number.</summary>
    /// <exception cref="CtrException">InvalidSignal: there is no such signal.</exception>
    public static int Parse(string text)
    {
        try
        {
            return CtrSignal.Parse(text);
        }
        catch (FormatException e)
        {
            throw new CtrException(CtrErrorKind.InvalidArgument, "InvalidSignal", e.Message, text, null, e);
        }
    }
}
