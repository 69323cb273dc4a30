# Runs scripts that are stopped as Ctrl+C stops them, for tests that dot-source this file.
$guard = [timespan]::FromSeconds(30)

# Two seconds are promised; a machine that has other work adds to them.
$longest = [timespan]::FromSeconds(4)
$stops = [System.Collections.Generic.List[object]]::new()

# Starts a script in a runspace of its own, waits until the moment has come, stops the script and tells how it ended.
# The moment is a script block that returns when it has come; it may look at the output so far, which is its argument.
function Invoke-Stopped {
    param([string] $Name, [string] $Script, [hashtable] $Variables, [scriptblock] $Moment)
    $shell = [powershell]::Create()
    try {
        $null = $shell.AddScript('param($module, $variables) Import-Module $module; foreach ($name in $variables.Keys) { Set-Variable $name $variables[$name] }; ' +
            $Script + '; "went on"').AddArgument((Get-Module Containerd).Path).AddArgument($Variables)
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $call = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]$null, $output)
        $null = & $Moment $output
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $stop = $shell.BeginStop($null, $null)
        $ended = $stop.AsyncWaitHandle.WaitOne($guard) -and $call.AsyncWaitHandle.WaitOne($guard)
        $took = $watch.Elapsed
        $stops.Add([pscustomobject]@{ Name = $Name; Took = $took })
        if (-not $ended) {
            throw "$Name did not end within $guard; errors: $($shell.Streams.Error)"
        }
        if ($took -gt $longest) {
            throw "$Name was stopped after $took only"
        }
        $shell.EndStop($stop)
        [pscustomobject]@{
            State = "$($shell.InvocationStateInfo.State)"; Output = @($output); Errors = @($shell.Streams.Error)
        }
    }
    finally {
        # Disposing a shell whose script hangs would hang too.
        if ($ended) { $shell.Dispose() }
    }
}

# Starts a script in a PowerShell of its own, which a line on its input stops; it writes how many objects there were until
# then, and ends.
function Start-Stoppable([string] $Script) {
    $run = @"
        `$runspace = [runspacefactory]::CreateRunspace(`$Host)
        `$runspace.Open()
        `$shell = [powershell]::Create(`$runspace).AddScript(@'
            Import-Module '$((Get-Module Containerd).Path)'
            $Script
'@)
        `$output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        `$null = `$shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]`$null, `$output)
        `$null = [Console]::In.ReadLine()
        `$shell.Stop()
        `$output.Count
"@
    $path = [Environment]::ProcessPath
    $start = [Diagnostics.ProcessStartInfo]::new($path, [string[]]@(
            if ((Split-Path -Leaf $path) -eq 'dotnet') { "$PSHOME/pwsh.dll" }
            '-NoProfile', '-NonInteractive', '-EncodedCommand', [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($run))))
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    [Diagnostics.Process]::Start($start)
}

# Shows the stops that took longest.
function Show-Longest([int] $Count = 3) {
    $stops | Sort-Object Took -Descending | Select-Object -First $Count | ForEach-Object {
        Write-Host "  stopped after $([int]$_.Took.TotalMilliseconds) ms: $($_.Name)"
    }
}

# A namespace and a state directory of their own, with the busybox image in it.
function Enter-StopNamespace {
    $script:outer = @{ State = $env:CONTAINERD_POWERSHELL_STATE; Namespace = $env:CONTAINERD_NAMESPACE }
    $env:CONTAINERD_POWERSHELL_STATE = [IO.Directory]::CreateTempSubdirectory('ctr-stop-').FullName
    $env:CONTAINERD_NAMESPACE = "stop-$([guid]::NewGuid().ToString('N'))"
    Import-CtrImage -LiteralPath $archive
}

function Exit-StopNamespace {
    Get-CtrContainer | Remove-CtrContainer -Force
    Get-CtrImage | Remove-CtrImage
    Remove-Item -Recurse -Force $env:CONTAINERD_POWERSHELL_STATE
    $env:CONTAINERD_POWERSHELL_STATE = $outer.State
    $env:CONTAINERD_NAMESPACE = $outer.Namespace
}

function New-Container([string] $Id, [string[]] $Command = ('sh', '-c', 'trap exit TERM; echo up; while :; do sleep 3600 & wait; done')) {
    New-CtrContainer -Id $Id -Image busybox -Command $Command
}
