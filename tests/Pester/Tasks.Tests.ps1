BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    Enter-TestNamespace
}

AfterAll {
    Exit-TestNamespace
}

Describe 'The life of a task' {
    It 'goes through one pipeline' {
        $status = New-Container sh, -c, 'exit 3' | Start-CtrTask | Wait-CtrTask
        $status | Should -BeOfType Containerd.CtrExitStatus
        $status.ExitCode | Should -Be 3
        $status.ExitedAt | Should -BeGreaterThan ([DateTimeOffset]::Now.AddMinutes(-5))
        ($status | Remove-CtrTask).ExitCode | Should -Be 3
        { $status | Get-CtrTask -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,*'
        $status | Remove-CtrContainer
    }

    It 'starts a task that was made before' {
        $container = New-Container sh, -c, 'exit 4'
        $task = $container | New-CtrTask
        $task.Status | Should -Be 'Created'
        { $container | New-CtrTask -ErrorAction Stop } | Should -Throw -ErrorId 'TaskAlreadyExists,*'
        ($task | Start-CtrTask).Pid | Should -Be $task.Pid
        ($task | Wait-CtrTask).ExitCode | Should -Be 4
    }

    It 'stops with the stop signal, then with SIGKILL' {
        ($task = New-Running) | Stop-CtrTask
        ($task | Get-CtrTask).ExitCode | Should -Be 143
        $deaf = New-Container sh, -c, 'trap : TERM; while :; do sleep 1; done' | Start-CtrTask
        ($deaf | Stop-CtrTask -TimeoutSec 1 -PassThru).ExitCode | Should -Be 137
        (New-Running | Stop-CtrTask -Force -PassThru).ExitCode | Should -Be 137
    }

    It 'is removed by force only while it runs' {
        $task = New-Running
        { $task | Remove-CtrTask -ErrorAction Stop } | Should -Throw -ErrorId 'TaskStateInvalid,*'
        ($task | Remove-CtrTask -Force).ExitCode | Should -Be 137
    }

    It 'has ended with 255 where it is gone and removed by force, and is an error otherwise' {
        ($task = New-Running) | Remove-CtrTask -Force
        $before = [datetimeoffset]::UtcNow
        $status = $task | Remove-CtrTask -Force
        $status.ExitCode | Should -Be 255
        $status.ExitedAt | Should -BeGreaterOrEqual $before
        { $task | Remove-CtrTask -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,*'
        { $task | Wait-CtrTask -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,*'
    }

    It 'is found once, however many names fit: <_>' -ForEach 'Get-CtrTask', 'Get-CtrContainer', 'Get-CtrProcess', 'Measure-CtrTask', 'Wait-CtrTask' {
        $task = New-Container sleep, 3600 | Start-CtrTask -NoIO
        if ($_ -eq 'Wait-CtrTask') { $task | Stop-CtrTask -Force }
        $id = $task.Id
        & $_ $id, "$id*", "?$($id.Substring(1))", $id | Should -HaveCount 1
        $task | Remove-CtrContainer -Force
    }

    It 'does not pivot where DOCKER_RAMDISK says that the root is a RAM disk: <_>' -ForEach 'io.containerd.runc.v2', 'io.containerd.runtime.v1.linux' {
        if ($_ -like '*.runtime.v1.*' -and [version]$env:CONTAINERD_TEST_VERSION -ge '2.0') {
            Set-ItResult -Skipped -Because "containerd 2.0 removed runtime v1: this is $env:CONTAINERD_TEST_VERSION"
        }
        $runtime, $log = (Join-Path $TestDrive "runc-$_"), (Join-Path $TestDrive "calls-$_")
        Set-Content $runtime "#!/bin/sh`necho `"`$@`" >> $log`nexec runc `"`$@`""
        chmod +x $runtime
        $container = New-CtrContainer "ram-$(Get-Random)" $image -Command true -Runtime $_ -RuntimeOption @{ $($_ -like '*.v2' ? 'BinaryName' : 'Runtime') = $runtime }
        $null = $container | Start-CtrTask -NoIO | Wait-CtrTask
        $env:DOCKER_RAMDISK = '1'
        try { $null = $container | Start-CtrTask -NoIO | Wait-CtrTask }
        finally { $env:DOCKER_RAMDISK = $null }
        $container | Remove-CtrContainer -Force
        $creates = @(Get-Content $log) -like '* create *'
        $creates | Should -HaveCount 2
        $creates -like '* --no-pivot *' | Should -Be $creates[1]
    }

    It 'takes the signal <_>' -ForEach 'TERM', 'SIGTERM', '15' {
        $task = New-Running
        $task | Send-CtrSignal -Signal $_
        ($task | Wait-CtrTask -TimeoutSec 60).ExitCode | Should -Be 143
    }

    It 'makes, starts, waits for and removes fifty in one pipeline' {
        $codes = 1..50 | ForEach-Object { New-CtrContainer -Id "many-$_" -Image $image -Command sh, -c, "exit $_" } |
            Start-CtrTask -NoIO | Wait-CtrTask | Remove-CtrTask | ForEach-Object ExitCode
        $codes | Sort-Object | Should -Be (1..50)
        Get-CtrContainer many-* | Remove-CtrContainer
        Get-CtrTask many-* | Should -BeNullOrEmpty
    }
}

Describe 'Errors and wildcards' {
    It 'a literal miss of <_> is an error with a stable id' -ForEach @(
        'Get-CtrTask', 'New-CtrTask', 'Start-CtrTask', 'Stop-CtrTask', 'Wait-CtrTask', 'Remove-CtrTask', 'Get-CtrLog', 'Send-CtrSignal', 'Invoke-CtrExec'
    ) {
        $more = @{ 'Send-CtrSignal' = @{ Signal = 'TERM' }; 'Invoke-CtrExec' = @{ Command = 'true' } }[$_] ?? @{}
        { & $_ nobody @more -ErrorAction Stop } | Should -Throw -ErrorId 'ContainerNotFound,*'
        & $_ 'nobody*' @more -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'names a command that does not exist' {
        { New-Container no-such-program | Start-CtrTask -ErrorAction Stop } | Should -Throw -ErrorId 'CommandNotFound,*' -ExpectedMessage "*'no-such-program'*"
    }

    It 'refuses a signal that is none, and does nothing' {
        $task = New-Running
        { $task | Send-CtrSignal -Signal SIGNOTHING } | Should -Throw -ErrorId 'InvalidSignal,*'
        { $task | Stop-CtrTask -Signal SIGNOTHING } | Should -Throw -ErrorId 'InvalidSignal,*'
        ($task | Get-CtrTask).Status | Should -Be 'Running'
    }

    It 'refuses an output that goes to two places, and does nothing: <Name>' -ForEach @(
        @{ Name = 'LogPath and NoIO'; Output = @{ LogPath = '/tmp/log'; NoIO = $true } }
        @{ Name = 'LogUri and NoIO'; Output = @{ LogUri = 'file:///tmp/log'; NoIO = $true } }
        @{ Name = 'Attach and LogPath'; Output = @{ Attach = $true; LogPath = '/tmp/log' } }
        @{ Name = 'Attach and LogUri'; Output = @{ Attach = $true; LogUri = 'file:///tmp/log' } }
        @{ Name = 'Attach and NoIO'; Output = @{ Attach = $true; NoIO = $true } }
    ) {
        $container = New-Container true
        { $container | Start-CtrTask @Output } | Should -Throw -ErrorId 'OutputGivenTwice,*'
        Get-CtrTask | Where-Object Id -EQ $container.Id | Should -BeNullOrEmpty
    }

    It 'goes on with the next after an error' {
        $task = New-Running
        $found = Get-CtrTask nobody, $task.Id -ErrorAction SilentlyContinue -ErrorVariable failed
        $found.Id | Should -Be $task.Id
        $failed.Count | Should -Be 1
    }

    It 'waits as long as it is told' {
        { New-Running | Wait-CtrTask -TimeoutSec 1 -ErrorAction Stop } | Should -Throw -ErrorId 'WaitTimeout,*'
    }

    It 'changes nothing with -WhatIf' {
        $container = New-Container sleep, 3600
        $running = New-Running
        $before = Get-Trace
        $container | New-CtrTask -WhatIf | Should -BeNullOrEmpty
        $container | Start-CtrTask -WhatIf | Should -BeNullOrEmpty
        $container | Start-CtrTask -Attach -WhatIf | Should -BeNullOrEmpty
        $running | Stop-CtrTask -WhatIf
        $running | Send-CtrSignal -Signal KILL -WhatIf
        $running | Remove-CtrTask -Force -WhatIf
        $running | Invoke-CtrExec -Command touch, /tmp/x -WhatIf | Should -BeNullOrEmpty
        Get-Trace | Should -Be $before
        ($running | Invoke-CtrExec -Command test, -e, /tmp/x).ExitCode | Should -Be 1
    }
}

Describe 'Start-CtrTask -Attach' {
    It 'writes lines of both streams' {
        $lines = New-Container sh, -c, 'echo out; echo err >&2' | Start-CtrTask -Attach
        $lines | Should -BeOfType Containerd.CtrOutputLine
        ($lines | Where-Object Stream -EQ StandardOutput).Text | Should -Be 'out'
        ($lines | Where-Object Stream -EQ StandardError).Text | Should -Be 'err'
    }

    It 'sets a variable to the exit code' {
        $code = 1
        (New-Container sh, -c, 'echo up; exit 7' | Start-CtrTask -Attach -ExitCodeVariable code).Text | Should -Be 'up'
        $code | Should -Be 7
        New-Container nosuch | Start-CtrTask -Attach -ExitCodeVariable code -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'CommandNotFound,*'
        $code | Should -BeNullOrEmpty
    }

    It 'reads standard input' {
        (New-Container cat | Start-CtrTask -Attach -StandardInput "one`ntwo").Text | Should -Be 'one', 'two'
        { New-Container cat | Start-CtrTask -StandardInput x } | Should -Throw -ErrorId 'StandardInputNeedsAttach,*'
        { New-Container cat | Start-CtrTask -ExitCodeVariable x } | Should -Throw -ErrorId 'ExitCodeVariableNeedsAttach,*'
    }

    It 'ends with Select-Object -First 1 and leaves nothing' {
        $container = New-Container sh, -c, 'while :; do echo line; done'
        $before = Get-Trace
        ($container | Start-CtrTask -Attach | Select-Object -First 1).Text | Should -Be 'line'
        Assert-Trace $before
    }
}

Describe 'Get-CtrLog' {
    It 'reads what a detached task wrote' {
        $task = New-Container sh, -c, 'for i in 1 2 3; do echo $i; done' | Start-CtrTask
        $null = $task | Wait-CtrTask | Remove-CtrTask
        ($task | Get-CtrLog).Text | Should -Be '1', '2', '3'
        ($task | Get-CtrLog -Tail 1).Text | Should -Be '3'
        ($task | Get-CtrLog -Follow).Text | Should -Be '1', '2', '3'
    }

    It 'follows until the task ends' {
        $task = New-Container sh, -c, 'echo first; sleep 1; echo last' | Start-CtrTask
        ($task | Get-CtrLog -Follow).Text | Should -Be 'first', 'last'
    }

    It 'ends with Select-Object -First 1' {
        $task = New-Container sh, -c, 'echo first; sleep 3600' | Start-CtrTask
        ($task | Get-CtrLog -Follow | Select-Object -First 1).Text | Should -Be 'first'
    }

    It 'writes to a path of its own' {
        $path = Join-Path 'TestDrive:' 'own.log'
        $null = New-Container echo, own | Start-CtrTask -LogPath $path | Wait-CtrTask | Remove-CtrTask
        Get-Content $path | Should -Be 'own'
    }

    It 'says that there is no log' {
        { New-Running | Get-CtrLog -ErrorAction Stop } | Should -Throw -ErrorId 'LogNotFound,*'
        { Start-CtrTask nobody -NoIO -LogPath /tmp/x } | Should -Throw -ErrorId 'OutputGivenTwice,*'
    }
}

Describe 'Ctrl+C' {
    It 'ends <Name> at once and leaves nothing' -ForEach @(
        @{ Name = 'Wait-CtrTask'; Script = '$task | Wait-CtrTask'; Silent = $true }
        @{ Name = 'Stop-CtrTask'; Script = '$deaf | Stop-CtrTask -TimeoutSec 3600'; Silent = $true }
        @{ Name = 'Get-CtrLog -Follow'; Script = '$logged | Get-CtrLog -Follow' }
        @{ Name = 'Start-CtrTask -Attach'; Script = '$container | Start-CtrTask -Attach' }
        @{ Name = 'Invoke-CtrExec'; Script = '$task | Invoke-CtrExec -Command sleep, 3600'; Silent = $true }
        @{ Name = 'Invoke-CtrExec -Stream'; Script = '$task | Invoke-CtrExec -Command yes -Stream' }
    ) {
        $variables = @{
            task = New-Running
            deaf = New-Container sh, -c, 'trap : TERM; while :; do sleep 1; done' | Start-CtrTask
            logged = New-Container sh, -c, 'echo first; sleep 3600' | Start-CtrTask
            container = New-Container sh, -c, 'while :; do echo line; done'
        }
        $before = Get-Trace
        $result = Stop-Script $Script $variables -WithoutOutput:([bool]$Silent)
        $result.Ended | Should -BeTrue
        $result.State | Should -Be 'Stopped'
        $result.Errors | Should -BeNullOrEmpty
        $result.Took | Should -BeLessThan $guard
        "stopped after $([int]$result.Took.TotalMilliseconds) ms" | Write-Host
        Assert-Trace $before
        $variables.Values | Remove-CtrContainer -Force
    }
}
