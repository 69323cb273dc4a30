using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Containerd.Client.Grpc;

/// <summary>Which sides of a call send a stream.</summary>
internal enum MethodType
{
    Unary,
    ClientStreaming,
    ServerStreaming,
    DuplexStreaming,
}

/// <summary>A remote method: its path <c>/package.Service/Method</c>, kind, and what makes its responses.</summary>
internal sealed class Method<TRequest, TResponse>(MethodType type, string fullName, Deserializer<TResponse> responseDeserializer)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    public MethodType Type { get; } = type;

    public string FullName { get; } = fullName;

    public Deserializer<TResponse> ResponseDeserializer { get; } = responseDeserializer;
}

/// <summary>Makes methods out of the service descriptors that protoc generates.</summary>
internal static class Method
{
    /// <param name="service">The service.</param>
    /// <param name="methodName">Its name there.</param>
    /// <param name="deserializer">Makes its responses; null for their type's parser.</param>
    /// <exception cref="ArgumentException">The service has no such method, or its messages are of other types.</exception>
    public static Method<TRequest, TResponse> From<TRequest, TResponse>(
        ServiceDescriptor service, string methodName, Deserializer<TResponse>? deserializer = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var method = service.FindMethodByName(methodName)
            ?? throw new ArgumentException($"{service.FullName} has no method '{methodName}'.", nameof(methodName));
        if (method.InputType.ClrType != typeof(TRequest) || method.OutputType.ClrType != typeof(TResponse))
        {
            throw new ArgumentException(
                $"{method.FullName} takes {method.InputType.FullName} and returns {method.OutputType.FullName}.", nameof(methodName));
        }

        var type = (method.IsClientStreaming, method.IsServerStreaming) switch
        {
            (false, false) => MethodType.Unary,
            (true, false) => MethodType.ClientStreaming,
            (false, true) => MethodType.ServerStreaming,
            (true, true) => MethodType.DuplexStreaming,
        };
        return new Method<TRequest, TResponse>(
            type, $"/{service.FullName}/{method.Name}", deserializer ?? ((MessageParser<TResponse>)method.OutputType.Parser).Deserialize);
    }
    /// <summary>Makes a message by its type's parser, which copies what it keeps.</summary>
    public static T Deserialize<T>(this MessageParser<T> parser, ReadOnlyMemory<byte> message)
        where T : class, IMessage<T> => parser.ParseFrom(message.Span);
}
