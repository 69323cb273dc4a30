BeforeDiscovery {
    # Every cmdlet that asks the daemon.
    $commands = @(
        @{ Script = 'Connect-Ctr $address | Disconnect-Ctr' }
        @{ Script = 'Get-CtrContainer' }
        @{ Script = 'Get-CtrImage' }
        @{ Script = 'Get-CtrLog running' }
        @{ Script = 'Get-CtrPlugin' }
        @{ Script = 'Get-CtrProcess running' }
        @{ Script = 'Get-CtrSpec running' }
        @{ Script = 'Measure-CtrTask running' }
        @{ Script = 'Start-CtrExec running true' }
        @{ Script = 'Suspend-CtrTask $started' }
        @{ Script = 'Update-CtrTask running -Memory 64MB' }
        @{ Script = 'Get-CtrTask' }
        @{ Script = 'Get-CtrVersion' }
        @{ Script = 'Import-CtrImage $archive' }
        @{ Script = 'Invoke-CtrExec running true' }
        @{ Script = 'New-CtrContainer $new -Image busybox -Command true' }
        @{ Script = 'New-CtrSpec -Image busybox' }
        @{ Script = 'New-CtrTask $made' }
        @{ Script = 'Start-CtrTask $made' }
        @{ Script = 'Stop-CtrTask $started' }
        @{ Script = 'Send-CtrSignal running CONT' }
        @{ Script = 'Set-CtrContainer running -Label @{ a = "b" }' }
        @{ Script = 'Remove-CtrTask $started -Force' }
        @{ Script = 'Remove-CtrContainer $started -Force' }
        @{ Script = 'Remove-CtrImage $other' }
        @{ Script = 'Get-CtrCheckpoint' }
        @{ Script = 'Remove-CtrCheckpoint $saved' }
        @{ Script = 'Restore-CtrCheckpoint $saved $new' }
        @{ Script = 'Save-CtrCheckpoint $started -Image saved:new' }
        @{ Script = 'Resume-CtrTask $paused' }
        @{ Script = 'Set-CtrTerminalSize $terminal 80 25' }
        @{ Script = 'Close-CtrStandardInput $fed' }
        @{ Script = 'Connect-CtrTask $talking | Select-Object -First 1' }
        @{ Script = 'Publish-CtrEvent /faults/test' }
        @{ Script = 'Copy-CtrItem $archive running:/archive' }
        @{ Script = 'Repair-Ctr' }
        @{ Script = 'Test-CtrConnection' }
    )
}

BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    $archive = "$env:CONTAINERD_TEST_IMAGES/busybox.tar"
    . "$PSScriptRoot/Daemon.ps1"

    $own = @{}
    $version = [version]$env:CONTAINERD_TEST_VERSION
    Invoke-Daemon $own start, (Get-DaemonVersion)
    $before = @{ Address = $env:CONTAINERD_ADDRESS; State = $env:CONTAINERD_POWERSHELL_STATE; Namespace = $env:CONTAINERD_NAMESPACE }
    $address = $env:CONTAINERD_ADDRESS = $own.ADDRESS
    $env:CONTAINERD_POWERSHELL_STATE = "$($own.DIR)/clients"
    # runc keeps its state by namespace and id for all daemons of a machine.
    $env:CONTAINERD_NAMESPACE = "faults-$([guid]::NewGuid().ToString('N'))"
    $null = Import-CtrImage $archive
    $null = New-CtrContainer running -Image busybox -Command sh, -c, 'trap exit TERM; echo up; while :; do sleep 3600 & wait; done' | Start-CtrTask
    $null = New-CtrContainer ended -Image busybox -Command true | Start-CtrTask

    # The inodes of the daemon's ends of its connections, also of those that it has not accepted while it is stopped.
    function Get-Connection { @(Get-Content /proc/net/unix | Where-Object { $_.EndsWith(" $address") } | ForEach-Object { ($_ -split ' +')[6] }) }

    # Ones of before may go meanwhile.
    function Wait-Connection([string[]] $Before) {
        [Threading.SpinWait]::SpinUntil({ @(Get-Connection).Where({ $_ -notin $Before }) }, [timespan]::FromSeconds(60)) | Should -BeTrue
    }

    function New-Id { "c-$([guid]::NewGuid().ToString('N'))" }
}

AfterAll {
    $env:CONTAINERD_ADDRESS = $before.Address
    $env:CONTAINERD_POWERSHELL_STATE = $before.State
    $env:CONTAINERD_NAMESPACE = $before.Namespace
    if ($own.DIR) { Invoke-Daemon $own stop, $own.DIR }
    Remove-Module Containerd
}

Describe 'A containerd that is killed' {
    It 'is tried with every cmdlet' -ForEach @{ Tried = $commands.Script -split '\W*\s' -match '^[A-Z][a-z]+-Ctr' } {
        $all = (Import-PowerShellDataFile "$PSScriptRoot/../../Containerd.psd1").CmdletsToExport
        # Enter-CtrTask needs a terminal: Enter.Tests has it. Get-CtrSession asks no daemon; the others outlive theirs.
        $all | Where-Object { $_ -notin $Tried } | Should -Be 'Enter-CtrTask', 'Get-CtrEvent', 'Get-CtrSession', 'Register-CtrEvent', 'Wait-CtrTask'
    }

    It 'and started again is outlived by Wait-CtrTask, whether its call was in flight or answered' {
        $task = New-CtrContainer (New-Id) -Image busybox -Command sh, -c, 'sleep 5; exit 9' | Start-CtrTask
        bash -c "kill -STOP $($own.PID)"
        $shell = [powershell]::Create()
        $null = $shell.AddScript('param($module, $ids) Import-Module $module; Wait-CtrTask $ids').AddArgument((Get-Module Containerd).Path).AddArgument(@($task.Id, 'ended'))
        $connections = Get-Connection
        $call = $shell.BeginInvoke()
        try {
            Wait-Connection $connections
        }
        finally {
            bash -c "kill -KILL $($own.PID)"
            Invoke-Daemon $own restart, $own.DIR
        }

        $call.AsyncWaitHandle.WaitOne([timespan]::FromSeconds(60)) | Should -BeTrue
        $status = $shell.EndInvoke($call)
        $shell.Streams.Error | Should -BeNullOrEmpty
        $shell.Dispose()
        ($status | Where-Object ContainerId -EQ $task.Id).ExitCode | Should -Be 9
        # Later versions forget a task that has ended (containerd issue 6860): nobody knows its code then.
        ($status | Where-Object ContainerId -EQ ended).ExitCode | Should -Be ($version -lt '1.7' ? 0 : 255)
        Remove-CtrContainer $task.Id
    }

    It 'and stays away is an error of Wait-CtrTask at once where it was away before' {
        $gone = Join-Path $TestDrive gone.sock
        $watch = [Diagnostics.Stopwatch]::StartNew()
        { Wait-CtrTask ended -Address $gone -ErrorAction Stop } | Should -Throw -ErrorId 'DaemonUnavailable,*'
        $watch.Elapsed | Should -BeLessThan '00:00:20'
    }

    It 'in the middle of <Script> is an error, and the next call works' -ForEach $commands {
        # It is stopped first, so that it cannot have answered: its connection is there when it is killed.
        $new = New-Id
        $made = (New-CtrContainer (New-Id) -Image busybox -Command sleep, 3600).Id
        $started = (New-CtrContainer (New-Id) -Image busybox -Command sleep, 3600 | Start-CtrTask).Id
        $other = 'docker.io/library/other:1'
        $null = Import-CtrImage $archive -Name $other
        $saved = 'docker.io/library/saved:1'
        if ($Script -match '\$saved') { $null = Save-CtrCheckpoint $started -Image $saved }
        $paused = if ($Script -match '\$paused') { (Get-CtrTask $started | Suspend-CtrTask -PassThru).Id }
        $terminal = if ($Script -match '\$terminal') { (New-CtrContainer (New-Id) -Image busybox -Command sleep, 3600 -Terminal | Start-CtrTask).Id }
        $fed = if ($Script -match '\$fed') { (New-CtrContainer (New-Id) -Image busybox -Command sleep, 3600 | Start-CtrTask -OpenStandardInput).Id }
        # Attaching gives what comes from then on.
        $talking = if ($Script -match '\$talking') { (New-CtrContainer (New-Id) -Image busybox -Command sh, -c, 'while :; do echo up; usleep 100000; done' | Start-CtrTask).Id }
        $variables = @{ talking = $talking; paused = $paused; terminal = $terminal; fed = $fed; saved = $saved; address = $address; archive = $archive; new = $new; made = $made; started = $started; other = $other }
        bash -c "kill -STOP $($own.PID)"
        $shell = [powershell]::Create()
        $null = $shell.AddScript('param($module, $variables) Import-Module $module; foreach ($name in $variables.Keys) { Set-Variable $name $variables[$name] }; ' +
            $Script).AddArgument((Get-Module Containerd).Path).AddArgument($variables)
        $connections = Get-Connection
        $call = $shell.BeginInvoke()
        try {
            Wait-Connection $connections
        }
        finally {
            bash -c "kill -KILL $($own.PID)"
            $ended = $call.AsyncWaitHandle.WaitOne([timespan]::FromSeconds(60))
            Invoke-Daemon $own restart, $own.DIR
        }

        $ended | Should -BeTrue
        $output = try { $shell.EndInvoke($call) } catch { $_.Exception }
        if ($Script -eq 'Test-CtrConnection') {
            $output | Should -Be $false
        }
        else {
            $failure = @($shell.Streams.Error) + @($output | Where-Object { $_ -is [Exception] } | ForEach-Object { $_.GetBaseException() })
            "$($failure[0].FullyQualifiedErrorId)$($failure[0].Message)" | Should -Match 'DaemonUnavailable|cannot be reached'
        }
        $shell.Dispose()

        $after = [powershell]::Create()
        $null = $after.AddScript('param($module, $variables) $ErrorActionPreference = "Stop"; Import-Module $module; foreach ($name in $variables.Keys) { Set-Variable $name $variables[$name] }; ' +
            $Script).AddArgument((Get-Module Containerd).Path).AddArgument($variables)
        $null = $after.Invoke()
        $after.Dispose()
        Get-CtrContainer c-* | Remove-CtrContainer -Force
        Get-CtrImage *saved* | Remove-CtrImage
    }
}

Describe 'A shim that is stopped' {
    It 'is an error of Get-CtrTask, which gives the others' {
        $null = New-CtrContainer frozen -Image busybox -Command sleep, 3600 | Start-CtrTask
        $null = New-CtrContainer finished -Image busybox -Command true | Start-CtrTask | Wait-CtrTask
        $shim = (Get-ChildItem /proc -Directory | Where-Object Name -Match '^\d+$' |
                Where-Object { "$(Get-Content -Raw "$_/cmdline" -ErrorAction Ignore)" -match "-id\0frozen\0.*$([regex]::Escape($address))" }).Name
        bash -c "kill -STOP $shim"
        try {
            $tasks = Get-CtrTask -ErrorVariable failures -ErrorAction SilentlyContinue
            $tasks.Id | Where-Object { $_ -ne 'ended' } | Should -Be 'finished', 'running'
            $failures.FullyQualifiedErrorId | Should -Be 'TaskNotResponding,Containerd.PowerShell.Tasks.GetCtrTaskCommand'
            $failures.CategoryInfo.Category | Should -Be OperationTimeout
            $failures.TargetObject | Should -Be frozen
        }
        finally {
            bash -c "kill -CONT $shim"
        }
        Remove-CtrContainer frozen, finished -Force
    }
}

Describe 'A socket' {
    It 'that is replaced by a daemon that starts again serves the same session' {
        $session = Connect-Ctr $address
        bash -c "kill -KILL $($own.PID)"
        { Get-CtrTask -Session $session -ErrorAction Stop } | Should -Throw -ErrorId 'DaemonUnavailable,*'
        Invoke-Daemon $own restart, $own.DIR
        (Get-CtrTask running -Session $session).Status | Should -Be Running
        Disconnect-Ctr $session
    }

    It 'whose permissions change is refused, and serves again when they are back' {
        if (-not ((Get-Command setpriv -ErrorAction Ignore) -and (id -u) -eq 0)) {
            Set-ItResult -Skipped -Because 'it takes root and setpriv to give up the right to open every file'
        }
        # A root without the capability that passes over permissions.
        $command = "Import-Module '$((Get-Module Containerd).Path)'; `$open = Connect-Ctr '$address'; chmod 000 '$address'; Test-CtrConnection -Session `$open; " +
            "try { Connect-Ctr '$address' } catch { `$_.FullyQualifiedErrorId }; chmod 660 '$address'; (Connect-Ctr '$address').IsOpen"
        $said = setpriv --bounding-set '-dac_override,-dac_read_search' ($env:PWSH ?? 'pwsh') -NoProfile -NonInteractive -Command $command 2>&1
        "$said" | Should -Be 'True SocketAccessDenied,Containerd.PowerShell.Sessions.ConnectCtrCommand True'
    }
}
