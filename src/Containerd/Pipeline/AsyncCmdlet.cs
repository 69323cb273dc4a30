using System.Management.Automation;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Pipeline;

/// <summary>
/// A cmdlet whose work is asynchronous: it runs on the thread pool, ends when the pipeline is stopped, and writes through
/// the pipeline's thread.
/// </summary>
public abstract class AsyncCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private PipelinePump? _pump;

    /// <summary>Releases what the cmdlet holds. The engine calls it when the pipeline is over.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected sealed override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Ctrl+C came when the pipeline was over already.
        }
    }

    /// <inheritdoc/>
    protected override void BeginProcessing() => Run(BeginAsync, isBegin: true);

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Run(ProcessAsync);

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => Run(EndAsync);

    /// <summary>What to do before the first object. A failure ends the command: what follows would build on it.</summary>
    /// <param name="cancellationToken">Ends with Ctrl+C, and when nobody downstream wants more.</param>
    protected virtual Task BeginAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What to do for each object.</summary>
    /// <param name="cancellationToken">Ends with Ctrl+C, and when nobody downstream wants more.</param>
    protected virtual Task ProcessAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What to do after the last object.</summary>
    /// <param name="cancellationToken">Ends with Ctrl+C, and when nobody downstream wants more.</param>
    protected virtual Task EndAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Writes an object to the pipeline; waits while the reader is slow.</summary>
    /// <param name="value">The object.</param>
    /// <param name="cancellationToken">The token that the work was given.</param>
    protected ValueTask WriteAsync(object? value, CancellationToken cancellationToken) =>
        _pump!.WriteAsync(value, cancellationToken);

    /// <summary>Writes all objects of a source as they come; waits while the reader is slow.</summary>
    /// <typeparam name="T">What they are.</typeparam>
    /// <param name="source">Where they come from.</param>
    /// <param name="cancellationToken">The token that the work was given.</param>
    protected Task WriteAllAsync<T>(IAsyncEnumerable<T> source, CancellationToken cancellationToken) =>
        _pump!.WriteAllAsync(source, cancellationToken);

    /// <summary>Writes an error that does not end the command.</summary>
    /// <param name="error">The error.</param>
    /// <param name="cancellationToken">The token that the work was given.</param>
    protected Task WriteErrorAsync(Exception error, CancellationToken cancellationToken) =>
        OnPipelineAsync(() => WriteError(ErrorRecords.From(error)), cancellationToken);

    /// <summary>Writes a warning.</summary>
    /// <param name="text">A sentence.</param>
    /// <param name="cancellationToken">The token that the work was given.</param>
    protected Task WriteWarningAsync(string text, CancellationToken cancellationToken) =>
        OnPipelineAsync(() => WriteWarning(text), cancellationToken);

    /// <summary>Writes progress.</summary>
    /// <param name="progress">The record.</param>
    /// <param name="cancellationToken">The token that the work was given.</param>
    protected Task WriteProgressAsync(ProgressRecord progress, CancellationToken cancellationToken) =>
        OnPipelineAsync(() => WriteProgress(progress), cancellationToken);

    /// <summary>Asks <c>-WhatIf</c> and <c>-Confirm</c>.</summary>
    /// <param name="target">What would be changed.</param>
    /// <param name="action">What would be done to it.</param>
    /// <param name="cancellationToken">The token that the work was given.</param>
    protected Task<bool> ShouldProcessAsync(string target, string action, CancellationToken cancellationToken) =>
        _pump!.InvokeAsync(() => ShouldProcess(target, action), cancellationToken);

    /// <summary>Does something on the pipeline's thread, where the engine's own members may be used.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="cancellationToken">The token that the work was given.</param>
    protected Task OnPipelineAsync(Action action, CancellationToken cancellationToken) =>
        _pump!.InvokeAsync(
            () =>
            {
                action();
                return true;
            },
            cancellationToken);

    /// <summary>Sets a variable of the caller, where it gave a name for one.</summary>
    /// <param name="name">The name, or null.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">The token that the work was given.</param>
    protected Task SetVariableAsync(string? name, object? value, CancellationToken cancellationToken) => name is null
        ? Task.CompletedTask
        : OnPipelineAsync(() => SessionState.PSVariable.Set(name, value), cancellationToken);

    /// <summary>Does something for one item of several: its failure is an error of its own and does not stop the rest.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="cancellationToken">The token that the work was given.</param>
    protected async Task TryAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e) when (IsReportable(e))
        {
            await WriteErrorAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Releases what the cmdlet holds.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
        }
    }

    private void Run(Func<CancellationToken, Task> work, bool isBegin = false)
    {
        _pump = new PipelinePump(WriteObject);

        // What the engine and those downstream throw passes by; only the work's own failure is looked at.
        Task ended = _pump.Run(work, _stop.Token);
        try
        {
            ended.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The engine reports the stop itself.
        }
        catch (Exception e) when (!isBegin && IsReportable(e))
        {
            WriteError(ErrorRecords.From(e));
        }
        catch (Exception e)
        {
            ThrowTerminatingError(ErrorRecords.From(e));
        }
    }

    // Anything else is a fault of this module and ends the command.
    private static bool IsReportable(Exception error) =>
        error is CtrException or FormatException or ArgumentException or IOException or UnauthorizedAccessException;
}
