using System.Globalization;

namespace Containerd.Client.Grpc;

/// <summary>The value of <c>grpc-timeout</c>: at most eight digits and a unit (PROTOCOL-HTTP2.md, "Timeout").</summary>
internal static class TimeoutEncoding
{
    private const long MaxValue = 99_999_999;
    private const int NanosecondsPerTick = 100;

    private static readonly (long Ticks, char Unit)[] s_units =
    [
        (TimeSpan.TicksPerMicrosecond, 'u'),
        (TimeSpan.TicksPerMillisecond, 'm'),
        (TimeSpan.TicksPerSecond, 'S'),
        (TimeSpan.TicksPerMinute, 'M'),
        (TimeSpan.TicksPerHour, 'H'),
    ];

    /// <summary>Encodes in the finest unit that fits, rounded up: the server must not give up before this client does.</summary>
    public static string Encode(TimeSpan timeout)
    {
        var ticks = Math.Max(timeout.Ticks, 1);
        if (ticks <= MaxValue / NanosecondsPerTick)
        {
            return Format(ticks * NanosecondsPerTick, 'n');
        }

        foreach (var (unitTicks, unit) in s_units)
        {
            var value = ((ticks - 1) / unitTicks) + 1;
            if (value <= MaxValue)
            {
                return Format(value, unit);
            }
        }

        return Format(MaxValue, 'H');
    }

    private static string Format(long value, char unit) => string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");
}
