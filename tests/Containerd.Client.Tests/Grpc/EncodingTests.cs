using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using Containerd.Client.Grpc;
using FsCheck;
using FsCheck.Xunit;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Tests.Grpc;

/// <summary>What holds for every message, header and time.</summary>
public sealed class EncodingTests
{
    [Property]
    public async Task Messages_arrive_whole_however_the_body_is_cut(byte[][] payloads, PositiveInt[] cuts)
    {
        var messages = payloads.Select(bytes => new BytesValue { Value = ByteString.CopyFrom(bytes) }).ToList();
        var body = messages.SelectMany(message => FaultServer.Frame(message.ToByteArray())).ToArray();
        using var stream = new ChunkedStream(body, [.. cuts.Select(cut => cut.Get)]);
        using var reader = new MessageReader(1 << 20);

        var received = new List<BytesValue>();
        while (await reader.ReadAsync(stream, BytesValue.Parser.Deserialize, null, CancellationToken.None) is { } message)
        {
            received.Add(message);
        }

        Assert.Equal(messages, received);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(100_000)]
    public async Task Messages_larger_and_smaller_than_the_buffer_follow_each_other(int chunk)
    {
        int[] sizes = [0, 4091, 1, 5000, 300_000, 2, 4096, 70_000, 0];
        var messages = sizes.Select(size => new BytesValue { Value = ByteString.CopyFrom(new byte[size]) }).ToList();
        using var stream = new ChunkedStream([.. messages.SelectMany(message => FaultServer.Frame(message.ToByteArray()))], [chunk]);
        using var reader = new MessageReader(1 << 20);
        foreach (var message in messages)
        {
            Assert.Equal(message, await reader.ReadAsync(stream, BytesValue.Parser.Deserialize, null, CancellationToken.None));
        }

        Assert.Null(await reader.ReadAsync(stream, BytesValue.Parser.Deserialize, null, CancellationToken.None));
    }

    [Property]
    public async Task A_body_of_any_bytes_ends_in_messages_or_a_typed_error(byte[] body)
    {
        using var stream = new ChunkedStream(body, [3]);
        using var reader = new MessageReader(64);
        try
        {
            while (await reader.ReadAsync(stream, BytesValue.Parser.Deserialize, GzipMessage.Encoding, CancellationToken.None) is not null)
            {
            }
        }
        catch (Exception exception) when (exception is RpcException or InvalidProtocolBufferException)
        {
        }
    }

    [SkippableFact]
    public async Task Reading_allocates_nothing_but_the_messages()
    {
        var debuggable = typeof(MessageReader).Assembly.GetCustomAttribute<DebuggableAttribute>();
        Skip.If(debuggable is { IsJITOptimizerDisabled: true }, "a debug build allocates every async state machine");

        const int Count = 1000;
        var message = new BytesValue { Value = ByteString.CopyFrom(new byte[3000]) }.ToByteArray();
        var body = Enumerable.Repeat(FaultServer.Frame(message), Count).SelectMany(frame => frame).ToArray();
        Deserializer<BytesValue> deserialize = BytesValue.Parser.Deserialize;
        var reading = await AllocatedAsync(async () =>
        {
            using var stream = new ChunkedStream(body, [1500]);
            using var reader = new MessageReader(1 << 20);
            while (await reader.ReadAsync(stream, deserialize, null, CancellationToken.None) is not null)
            {
            }
        });
        var messages = await AllocatedAsync(() =>
        {
            for (var i = 0; i < Count; i++)
            {
                BytesValue.Parser.ParseFrom(message.AsSpan());
            }

            return Task.CompletedTask;
        });
        Assert.InRange(reading - messages, 0, Count);
    }

    [Property]
    public bool A_written_message_is_read_back(byte[] payload)
    {
        var message = new BytesValue { Value = ByteString.CopyFrom(payload) };
        using var stream = new MemoryStream();
        MessageFrame.WriteAsync(stream, message, CancellationToken.None).AsTask().Wait();
        return stream.ToArray().AsSpan().SequenceEqual(FaultServer.Frame(message.ToByteArray()));
    }

    [Property]
    public bool Percent_encoded_text_is_decoded(NonNull<string> text)
    {
        // Lone surrogates are no text: UTF-8 cannot carry them.
        var expected = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get));
        var encoded = string.Concat(Encoding.UTF8.GetBytes(expected).Select(
            b => b is >= 0x20 and <= 0x7e and not (byte)'%' ? $"{(char)b}" : $"%{b:X2}"));
        return PercentEncoding.Decode(encoded) == expected && PercentEncoding.Decode(Uri.EscapeDataString(expected)) == expected;
    }

    [Property]
    public bool Any_text_is_decoded_without_an_exception(NonNull<string> text) =>
        PercentEncoding.Decode(text.Get) is not null && PercentEncoding.Decode("%" + text.Get + "%C") is not null;

    [Theory]
    [InlineData("100%", "100%")]
    [InlineData("%zz%4", "%zz%4")]
    [InlineData("%+1", "%+1")]
    [InlineData("%e2%82%ac", "€")]
    [InlineData("%FF", "\uFFFD")]
    [InlineData("Ã©", "é")]
    public void Invalid_sequences_stay_as_they_are(string encoded, string expected) =>
        Assert.Equal(expected, PercentEncoding.Decode(encoded));

    [Property(MaxTest = 1000)]
    public bool A_timeout_has_at_most_eight_digits_and_is_not_shortened(ulong bits, byte shift)
    {
        var ticks = (long)(((bits * 0x9E3779B97F4A7C15) >> 3) >> (shift % 61));
        var text = TimeoutEncoding.Encode(TimeSpan.FromTicks(ticks));
        var value = decimal.Parse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture);
        var told = value * text[^1] switch
        {
            'n' => 0.01m,
            'u' => TimeSpan.TicksPerMicrosecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'S' => TimeSpan.TicksPerSecond,
            'M' => TimeSpan.TicksPerMinute,
            'H' => TimeSpan.TicksPerHour,
            _ => 0m,
        };

        // Rounded up, by less than one part in ten thousand.
        return text.Length <= 9 && told >= ticks && told <= Math.Max(ticks * 1.0001m, 1);
    }

    [Theory]
    [InlineData(-1, "100n")]
    [InlineData(0, "100n")]
    [InlineData(999_999, "99999900n")]
    [InlineData(1_000_000, "100000u")]
    [InlineData(1_000_001, "100001u")]
    [InlineData(long.MaxValue, "99999999H")]
    public void A_timeout_is_told_in_the_finest_unit(long ticks, string expected) =>
        Assert.Equal(expected, TimeoutEncoding.Encode(TimeSpan.FromTicks(ticks)));

    [Property]
    public bool Binary_metadata_survives_with_padding_and_without(byte[] value) =>
        Metadata.TryDecodeBinary(Metadata.EncodeBinary(value))!.SequenceEqual(value)
        && Metadata.TryDecodeBinary(Convert.ToBase64String(value))!.SequenceEqual(value)
        && !Metadata.EncodeBinary(value).Contains('=', StringComparison.Ordinal);

    [Property]
    public bool Binary_metadata_of_any_text_is_whole_or_nothing(NonNull<string> text) =>
        Metadata.TryDecodeBinary(text.Get) is not { } bytes
        || Metadata.EncodeBinary(bytes).Length == text.Get.TrimEnd('=').Length;

    [Fact]
    public void Received_binary_values_may_be_joined_and_wrong_ones_are_dropped()
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation("Key-Bin", "AQ==,Ag, not base64,");
        response.Headers.TryAddWithoutValidation("text", ["one", "two"]);
        var metadata = Metadata.From(response.Headers);
        Assert.Equal([[1], [2], []], metadata.Where(entry => entry.Key == "key-bin").Select(entry => entry.ValueBytes!));
        Assert.Equal(["one", "two"], metadata.Where(entry => entry.Key == "text").Select(entry => entry.Value!));
        Assert.Equal("two", metadata.GetValue("TEXT"));
    }

    [Theory]
    [InlineData("", "value")]
    [InlineData("sp ace", "value")]
    [InlineData("colon:", "value")]
    [InlineData("key-bin", "value")]
    [InlineData("key", "line\nbreak")]
    [InlineData("key", "café")]
    public void Metadata_that_the_wire_cannot_carry_is_refused(string key, string value) =>
        Assert.Throws<ArgumentException>(() => new Metadata { { key, value } });

    [Fact]
    public void Bytes_need_a_binary_key() => Assert.Throws<ArgumentException>(() => new Metadata { { "key", new byte[1] } });

    // The least of some runs: what is made once is made in the first, and a collection that other tests cause disturbs one.
    private static async Task<long> AllocatedAsync(Func<Task> action)
    {
        var least = long.MaxValue;
        for (var i = 0; i < 10; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            await action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
