namespace Containerd;

/// <summary>The one exception that the client raises for a failed operation.</summary>
/// <remarks>A call that the caller cancelled raises <see cref="OperationCanceledException"/> instead.</remarks>
public sealed class CtrException : Exception
{
    /// <summary>Makes an error of a kind.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="errorId">A stable noun, such as <c>ContainerNotFound</c>.</param>
    /// <param name="message">A sentence for a person.</param>
    /// <param name="target">The id, name or address concerned.</param>
    /// <param name="recommendedAction">What the person can do about it.</param>
    /// <param name="innerException">The cause.</param>
    public CtrException(
        CtrErrorKind kind,
        string errorId,
        string message,
        string? target = null,
        string? recommendedAction = null,
        Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
        ErrorId = errorId;
        Target = target;
        RecommendedAction = recommendedAction;
    }

    /// <summary>What went wrong.</summary>
    public CtrErrorKind Kind { get; }

    /// <summary>A stable noun that names the error, such as <c>ContainerNotFound</c>.</summary>
    public string ErrorId { get; }

    /// <summary>The id, name or address concerned; null where there is none.</summary>
    public string? Target { get; }

    /// <summary>What the person can do about it; null where nothing general can be said.</summary>
    public string? RecommendedAction { get; }

    /// <summary>An argument refused before any call.</summary>
    /// <param name="errorId">A stable noun, such as <c>InvalidContainerId</c>.</param>
    /// <param name="message">What is wrong and what is allowed.</param>
    /// <param name="target">The value that was refused.</param>
    internal static CtrException InvalidArgument(string errorId, string message, string? target = null) =>
        new(CtrErrorKind.InvalidArgument, errorId, message, target);
}
