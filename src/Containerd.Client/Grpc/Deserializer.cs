namespace Containerd.Client.Grpc;

/// <summary>
/// Makes a message of its bytes, which are overwritten when the call's next message is read: a message that refers to them
/// instead of copying them is valid until then.
/// </summary>
internal delegate T Deserializer<out T>(ReadOnlyMemory<byte> message);
