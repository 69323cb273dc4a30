using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes a side of a copy: a container, or a path of this host.</summary>
internal sealed class CopyPathCompleter : IArgumentCompleter
{
    private readonly ContainerRootCompleter _containers = new();

    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        _containers.CompleteArgument(commandName, parameterName, wordToComplete, commandAst, fakeBoundParameters)
            .Concat(CompletionCompleters.CompleteFilename(wordToComplete));
}
