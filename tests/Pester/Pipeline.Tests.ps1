BeforeAll {
    $module = (Resolve-Path "$PSScriptRoot/../../out/Containerd").Path
    Import-Module $module
    $engine = [psobject].Assembly.Location
    Add-Type -ReferencedAssemblies "$module/Containerd.dll", $engine, System.Runtime, System.Threading -CompilerOptions /nowarn:CS1701 -PassThru -TypeDefinition @'
using System;
using System.IO;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using Containerd.PowerShell.Pipeline;

public static class Work
{
    public static int Running;
    public static readonly ManualResetEventSlim Waiting = new ManualResetEventSlim();

    public static async Task Forever(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref Running);
        try
        {
            Waiting.Set();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            // Cleaning up takes a while: whoever stops the work waits for it.
            await Task.Delay(200);
            Interlocked.Decrement(ref Running);
        }
    }
}

// Writes numbers without end, or does in one of its blocks what it is told.
[Cmdlet(VerbsCommon.Get, "TestStream", SupportsShouldProcess = true)]
public sealed class GetTestStream : AsyncCmdlet
{
    [Parameter(ValueFromPipeline = true)] public object InputObject { get; set; }
    [Parameter] public string WaitIn { get; set; }
    [Parameter] public string Throw { get; set; }
    [Parameter] public string Ask { get; set; }
    [Parameter] public int ErrorAt { get; set; }
    [Parameter] public SwitchParameter PassThru { get; set; }

    protected override Task BeginAsync(CancellationToken cancellationToken) => WaitIn == "begin" ? Work.Forever(cancellationToken) : Task.CompletedTask;
    protected override Task EndAsync(CancellationToken cancellationToken) => WaitIn == "end" ? Work.Forever(cancellationToken) : Task.CompletedTask;

    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (WaitIn == "process") { await Work.Forever(cancellationToken); }
        if (WaitIn != null) { return; }
        if (PassThru) { await WriteAsync(InputObject, cancellationToken); return; }
        if (Throw == "unknown") { throw new InvalidOperationException("a fault of the module"); }
        if (Throw == "io") { throw new IOException("no file"); }
        if (Ask != null) { await WriteAsync(await ShouldProcessAsync(Ask, "Change", cancellationToken), cancellationToken); return; }
        Interlocked.Increment(ref Work.Running);
        try
        {
            for (int i = 1; ; i++)
            {
                if (i == ErrorAt) { await WriteErrorAsync(new FormatException("bad number"), cancellationToken); }
                await WriteAsync(i, cancellationToken);
            }
        }
        finally
        {
            await Task.Delay(200);
            Interlocked.Decrement(ref Work.Running);
        }
    }
}
'@ | Where-Object { $_.Name -eq 'GetTestStream' } | ForEach-Object { Import-Module $_.Assembly }
}

AfterAll {
    Remove-Module Containerd
}

Describe 'Asynchronous work in a pipeline' {
    AfterEach {
        [Work]::Running | Should -Be 0
    }

    It 'is cancelled and joined when nobody wants more' {
        Get-TestStream | Select-Object -First 3 | Should -Be 1, 2, 3
    }

    It 'is cancelled and joined in each command of a deep pipeline' {
        Get-TestStream | Get-TestStream -PassThru | Get-TestStream -PassThru | Select-Object -First 300 | Select-Object -Last 1 | Should -Be 300
        1..3 | Get-TestStream | Select-Object -First 1 | Should -Be 1
    }

    It 'is cancelled and joined when a command downstream throws' {
        { Get-TestStream | ForEach-Object { if ($_ -eq 2) { throw 'enough' } } } | Should -Throw 'enough'
        { Get-TestStream | ForEach-Object { throw [IO.IOException]::new('theirs') } } | Should -Throw 'theirs'
    }

    It 'is cancelled and joined at an error with -ErrorAction Stop' {
        $seen = [System.Collections.Generic.List[int]]::new()
        { Get-TestStream -ErrorAt 3 -ErrorAction Stop | ForEach-Object { $seen.Add($_) } } | Should -Throw 'bad number' -ErrorId 'InvalidArgument,GetTestStream'
        $seen | Should -Be 1, 2
    }

    It 'goes on after an error without it' {
        Get-TestStream -ErrorAt 2 -ErrorAction SilentlyContinue -ErrorVariable failure | Select-Object -First 3 | Should -Be 1, 2, 3
        $failure.Count | Should -Be 1
    }

    It 'is cancelled and joined by break in a loop around it' {
        foreach ($once in 1) { Get-TestStream | ForEach-Object { if ($_ -eq 5) { break } } }
    }

    It 'ends the command when its failure is a fault of the module' {
        { 1, 2 | Get-TestStream -Throw unknown } | Should -Throw 'a fault of the module' -ErrorId 'UnexpectedError,GetTestStream'
    }

    It 'goes on with the next object after a failure that may happen' {
        1, 2 | Get-TestStream -Throw io -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 2
    }

    It 'asks before it changes something' {
        Get-TestStream -Ask x -Confirm:$false | Should -BeTrue
        Get-TestStream -Ask x -WhatIf | Should -BeFalse
    }

    It 'ends at Ctrl+C in its <_> block' -ForEach 'begin', 'process', 'end' {
        [Work]::Waiting.Reset()
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript('param($assembly, $block) Import-Module $assembly; Get-TestStream -WaitIn $block; "went on"').
                AddArgument([Work].Assembly).AddArgument($_)
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $call = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]$null, $output)
            [Work]::Waiting.Wait(30000) | Should -BeTrue
            $stop = $shell.BeginStop($null, $null)
            $stop.AsyncWaitHandle.WaitOne(30000) | Should -BeTrue
            $shell.EndStop($stop)
            $call.AsyncWaitHandle.WaitOne(30000) | Should -BeTrue
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $output.Count | Should -Be 0
            $shell.Streams.Error.Count | Should -Be 0
        }
        finally {
            $shell.Dispose()
        }
    }

    It 'ends at Ctrl+C while a command downstream is busy' {
        $shell = [powershell]::Create()
        try {
            $ready = [System.Threading.ManualResetEventSlim]::new()
            $null = $shell.AddScript('param($assembly, $ready) Import-Module $assembly; Get-TestStream | ForEach-Object { $ready.Set(); Start-Sleep 60 }').
                AddArgument([Work].Assembly).AddArgument($ready)
            $call = $shell.BeginInvoke()
            $ready.Wait(30000) | Should -BeTrue
            $stop = $shell.BeginStop($null, $null)
            $stop.AsyncWaitHandle.WaitOne(30000) | Should -BeTrue
            $shell.EndStop($stop)
            $call.AsyncWaitHandle.WaitOne(30000) | Should -BeTrue
        }
        finally {
            $shell.Dispose()
        }
    }
}
