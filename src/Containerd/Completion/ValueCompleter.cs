using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes a parameter from a list of values; quotes those that need it.</summary>
internal abstract class ValueCompleter : IArgumentCompleter
{
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            char? quote = wordToComplete is ['\'' or '"', ..] ? wordToComplete[0] : null;
            var pattern = WildcardPattern.Get(wordToComplete.Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);
            return Find(wordToComplete, fakeBoundParameters)
                .Where(candidate => pattern.IsMatch(candidate.Value))
                .DistinctBy(candidate => candidate.Value)
                .OrderBy(candidate => candidate.Value, StringComparer.OrdinalIgnoreCase)
                .Select(candidate => new CompletionResult(
                    Quote(candidate.Value, quote),
                    candidate.Value,
                    CompletionResultType.ParameterValue,
                    string.IsNullOrEmpty(candidate.Description) ? candidate.Value : candidate.Description))
                .ToArray();
        }
        catch (Exception e) when (e is not PipelineStoppedException)
        {
            // Completion is a courtesy: it offers nothing rather than break what is being typed.
            return [];
        }
    }

    /// <summary>The values; those that don't fit the word are left out afterwards.</summary>
    protected abstract IEnumerable<Candidate> Find(IDictionary boundParameters);

    /// <summary>The same, of a kind that depends on how the word begins.</summary>
    protected virtual IEnumerable<Candidate> Find(string word, IDictionary boundParameters) => Find(boundParameters);

    private static string Quote(string value, char? quote) => quote switch
    {
        '"' => $"\"{value.Replace("`", "``", StringComparison.Ordinal).Replace("\"", "`\"", StringComparison.Ordinal).Replace("$", "`$", StringComparison.Ordinal)}\"",
        null when IsPlain(value) => value,
        _ => $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'",
    };

    // Whether it means itself where it stands as an argument without quotes.
    private static bool IsPlain(string value) =>
        value.Length > 0
        && (char.IsAsciiLetterOrDigit(value[0]) || value[0] == '/')
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or ':' or '-' or '_' or '+' or '=' or '@');
}
