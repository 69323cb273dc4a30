# What the tests of tasks share: a namespace and a state directory of their own, and containers in it. Dot-source it.
Import-Module (Resolve-Path "$PSScriptRoot/../../out/Containerd").Path
$image = 'docker.io/library/busybox:latest'
$guard = [timespan]::FromSeconds(30)

# This PowerShell's own command, for another one in a process that can be killed: pwsh from NuGet is a launcher of dotnet.
$pwsh = @([Environment]::ProcessPath) + @(if ((Split-Path -Leaf ([Environment]::ProcessPath)) -eq 'dotnet') { "$PSHOME/pwsh.dll" })

function Enter-TestNamespace {
    $script:before = @{ Defaults = $global:PSDefaultParameterValues; State = $env:CONTAINERD_POWERSHELL_STATE; Namespace = $env:CONTAINERD_NAMESPACE }
    $env:CONTAINERD_POWERSHELL_STATE = (New-Item -ItemType Directory "$([IO.Path]::GetTempPath())/ctr-pester-$([guid]::NewGuid().ToString('N'))").FullName
    $env:CONTAINERD_NAMESPACE = "pester-$([guid]::NewGuid().ToString('N'))"
    $null = Import-CtrImage "$env:CONTAINERD_TEST_IMAGES/busybox.tar"
}

function Exit-TestNamespace {
    Get-CtrContainer | Remove-CtrContainer -Force
    Get-CtrImage | Remove-CtrImage
    Remove-Item -Recurse -Force $env:CONTAINERD_POWERSHELL_STATE
    $env:CONTAINERD_POWERSHELL_STATE = $script:before.State
    $env:CONTAINERD_NAMESPACE = $script:before.Namespace
    Remove-Module Containerd
}

function New-Container([string[]] $Command) {
    New-CtrContainer -Id "c-$([guid]::NewGuid().ToString('N'))" -Image $image -Command $Command
}

# One whose first process does nothing until it is told to end. It has its trap: before that it is still runc, which
# SIGTERM ends in its own way, or the kernel spares it the signal.
function New-Running {
    $task = New-Container sh, -c, 'trap "exit 143" TERM; while :; do sleep 3600 & wait; done' | Start-CtrTask -NoIO
    $watch = [Diagnostics.Stopwatch]::StartNew()
    while (-not (Test-Trap $task.Pid)) {
        if ($watch.Elapsed -gt $guard) { throw 'The first process did not set its trap.' }
        Start-Sleep -Milliseconds 5
    }
    $task
}

function Test-Trap([int] $ProcessId) {
    $caught = [Convert]::ToInt64(((Get-Content "/proc/$ProcessId/status") -match '^SigCgt:')[0].Substring(7).Trim(), 16)
    (Get-Content "/proc/$ProcessId/comm") -eq 'sh' -and ($caught -band (1 -shl (15 - 1)))
}

# The tasks, and the files and FIFOs of containers: all that a command may leave behind.
function Get-Trace {
    Get-CtrTask | ForEach-Object { "$($_.Id) $($_.Status)" } | Sort-Object
    (Get-ChildItem -Recurse -Force $env:CONTAINERD_POWERSHELL_STATE).FullName | Sort-Object
    Get-ChildItem "$env:CONTAINERD_TEST_STATE/io.containerd.runtime.v2.task/$env:CONTAINERD_NAMESPACE" -Recurse -Filter *.pid -ErrorAction Ignore |
        ForEach-Object Name | Sort-Object
}

# Fails unless all is as it was: at once, or when what a stopped command has begun is taken back.
function Assert-Trace([string[]] $Before) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    while ("$($trace = @(Get-Trace); $trace)" -cne "$Before" -and $watch.Elapsed -lt $guard) {
        Start-Sleep -Milliseconds 50
    }
    $trace | Should -Be $Before
}

# Runs a script in a runspace of its own, stops it once it has written something or after a moment, and gives how it ended.
function Stop-Script([string] $Script, [hashtable] $Variables = @{}, [switch] $WithoutOutput) {
    $shell = [powershell]::Create()
    try {
        $module = (Get-Module Containerd).Path
        $null = $shell.AddScript('param($module, $variables) Import-Module $module; $variables.GetEnumerator() | ForEach-Object { Set-Variable $_.Key $_.Value }; ' + $Script).
            AddArgument($module).AddArgument($Variables)
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $call = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]$null, $output)
        $watch = [Diagnostics.Stopwatch]::StartNew()
        while ($output.Count -eq 0 -and $watch.Elapsed -lt $guard -and -not ($WithoutOutput -and $watch.ElapsedMilliseconds -gt 1000)) {
            Start-Sleep -Milliseconds 20
        }
        $watch.Restart()
        $stop = $shell.BeginStop($null, $null)
        $ended = $stop.AsyncWaitHandle.WaitOne($guard) -and $call.AsyncWaitHandle.WaitOne($guard)
        $took = $watch.Elapsed
        if ($ended) { $shell.EndStop($stop) }
        [pscustomobject]@{ Ended = $ended; Took = $took; State = $shell.InvocationStateInfo.State; Output = @($output); Errors = @($shell.Streams.Error) }
    }
    finally {
        $shell.Dispose()
    }
}
