BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    Enter-TestNamespace
}

AfterAll {
    Exit-TestNamespace
}

Describe 'Suspend-CtrTask and Resume-CtrTask' {
    It 'freeze a task and let it go on, through the pipeline' {
        $task = New-Running
        $frozen = $task | Suspend-CtrTask -PassThru
        $frozen | Should -BeOfType Containerd.CtrTask
        $frozen.Status | Should -Be 'Paused'
        { $task | Suspend-CtrTask -ErrorAction Stop } | Should -Throw -ErrorId 'TaskStateInvalid,*'
        $task | Resume-CtrTask | Should -BeNullOrEmpty
        ($task | Get-CtrTask).Status | Should -Be 'Running'
    }
}

Describe 'Update-CtrTask' {
    It 'changes limits that Measure-CtrTask sees' {
        $task = New-Running
        ($task | Update-CtrTask -Memory 64MB -PidsLimit 40 -Cpus 0.5 -CpuShares 512 -PassThru).Id | Should -Be $task.Id
        $metric = $task | Measure-CtrTask
        $metric.MemoryLimit | Should -Be 64MB
        $metric.PidsLimit | Should -Be 40
        $task | Update-CtrTask -Memory -1
        ($task | Measure-CtrTask).MemoryLimit | Should -BeNullOrEmpty
    }

    It 'takes the OCI resources as <Name>' -ForEach @(
        @{ Name = 'a hashtable'; Value = { @{ Memory = @{ limit = 96MB } } } }
        @{ Name = 'JSON'; Value = { '{ "memory": { "limit": 100663296 } }' } }
        @{ Name = 'an object'; Value = { $r = [Containerd.CtrSpecResources]::new(); $r.Memory = [Containerd.CtrSpecMemory]@{ Limit = 96MB }; $r } }
    ) {
        $task = New-Running
        $task | Update-CtrTask -Resource (& $Value)
        ($task | Measure-CtrTask).MemoryLimit | Should -Be 96MB
    }

    It 'refuses to change nothing, and what cannot be' {
        { Update-CtrTask nobody } | Should -Throw -ErrorId 'NothingToUpdate,*'
        { Update-CtrTask nobody -Memory 0 } | Should -Throw '*-1 takes*' -ErrorId 'InvalidArgument,*'
        { Update-CtrTask nobody -Memory -2 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
        { Update-CtrTask nobody -Cpus 0 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
        { Update-CtrTask nobody -Resource @{ memory = 'much' } } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
    }
}

Describe 'Measure-CtrTask' {
    It 'shows processor time and sizes as people read them' {
        $task = New-Running
        $task | Update-CtrTask -Memory 64MB
        $task | Measure-CtrTask | Out-String -Width 200 |
            Should -Match '\s\d\d:\d\d:\d\d\.\d{3}\s+\d+([.,]\d)? ([KM]i)?B\s+64[.,]0 MiB\s+\d+\s+\d+([.,]\d)? ([KM]i)?B\s'
    }

    It 'measures one, several and all' {
        $one, $two = (New-Running), (New-Running)
        $metric = $one | Measure-CtrTask
        $metric | Should -BeOfType Containerd.CtrTaskMetric
        $metric.CpuUsage | Should -BeOfType timespan
        $metric.Pids | Should -Be 2
        $metric.Raw.Count | Should -BeGreaterThan 20
        ($one, $two | Measure-CtrTask).ContainerId | Sort-Object | Should -Be ($one.Id, $two.Id | Sort-Object)
        (Measure-CtrTask).ContainerId | Should -Contain $two.Id
        (Measure-CtrTask 'c-*').ContainerId | Should -Contain $one.Id
    }

    It 'follows with rates until the tasks end' {
        $task = New-Running
        $seen = $task | Measure-CtrTask -Follow -IntervalSec 0.2 | ForEach-Object { $_; if (++$count -eq 3) { $task | Stop-CtrTask -Force } }
        $seen.Count | Should -BeGreaterOrEqual 3
        $seen[0].CpuPercent | Should -BeNullOrEmpty
        $seen[1].CpuPercent | Should -Not -BeNullOrEmpty
    }

    It 'ends with Select-Object' {
        New-Running | Measure-CtrTask -Follow -IntervalSec 0.1 | Select-Object -First 2 | Should -HaveCount 2
    }

    It 'goes on with the next after an error' {
        $task = New-Running
        (Measure-CtrTask nobody, $task.Id -ErrorAction SilentlyContinue -ErrorVariable failed).ContainerId | Should -Be $task.Id
        $failed.FullyQualifiedErrorId | Should -BeLike 'ContainerNotFound,*'
    }
}

Describe 'Start-CtrExec' {
    BeforeAll {
        $task = New-Running
    }

    It 'runs in the background, and its process goes through the pipeline' {
        $before = Get-Trace
        $exec = $task | Start-CtrExec -Command sh, -c, 'echo hello; exit 3' -Environment @{ A = 'b' } -WorkingDirectory /tmp
        $exec | Should -BeOfType Containerd.CtrProcess
        $exec.Kind | Should -Be 'Exec'
        $status = $exec | Wait-CtrTask -TimeoutSec 60
        $status.ExitCode | Should -Be 3
        ($status | Get-CtrLog).Text | Should -Be 'hello'
        ($exec | Get-CtrLog).ExecId | Should -Be $exec.ExecId
        (Get-CtrProcess $task.Id -ExecId $exec.ExecId).ExitCode | Should -Be 3
        ($exec | Remove-CtrTask).ExecId | Should -Be $exec.ExecId
        Get-Trace | Should -Be $before
        ($task | Get-CtrTask).Status | Should -Be 'Running'
    }

    It 'is named, seen and killed by -ExecId' {
        $null = Start-CtrExec $task.Id sleep, 3600 -ExecId named
        { Start-CtrExec $task.Id true -ExecId named -ErrorAction Stop } | Should -Throw -ErrorId 'ExecAlreadyExists,*'
        (Get-CtrProcess $task.Id | Where-Object Kind -EQ Exec).ExecId | Should -Be 'named'
        Send-CtrSignal $task.Id KILL -ExecId named
        (Wait-CtrTask $task.Id -ExecId named -TimeoutSec 60).ExitCode | Should -Be 137
        (Remove-CtrTask $task.Id -ExecId named).ExitCode | Should -Be 137
        { Wait-CtrTask $task.Id -ExecId named -ErrorAction Stop } | Should -Throw -ErrorId 'ExecNotFound,*'
    }

    It 'keeps to its exec when it comes from elsewhere as properties' {
        $exec = $task | Start-CtrExec -Command sleep, 3600 -NoIO
        $copy = [pscustomobject]@{ ContainerId = $exec.ContainerId; ExecId = $exec.ExecId }
        ($copy | Remove-CtrTask -Id { $_.ContainerId } -Force).ExecId | Should -Be $exec.ExecId
        ($task | Get-CtrTask).Status | Should -Be 'Running'
    }

    It 'is stopped alone, politely first, by object and by -ExecId' {
        $exec = $task | Start-CtrExec -Command sh, -c, 'trap "exit 4" TERM; echo up; while :; do sleep 0.1; done'
        $null = $exec | Get-CtrLog -Follow | Select-Object -First 1
        $exec | Stop-CtrTask -WhatIf
        ($exec | Get-CtrProcess -ExecId $exec.ExecId).Status | Should -Be 'Running'
        $status = $exec | Stop-CtrTask -PassThru
        $status.ExecId, $status.ExitCode | Should -Be $exec.ExecId, 4
        $deaf = $task | Start-CtrExec -Command sh, -c, 'trap : TERM; echo up; while :; do sleep 0.1; done'
        $null = $deaf | Get-CtrLog -Follow | Select-Object -First 1
        (Stop-CtrTask $task.Id -ExecId $deaf.ExecId -TimeoutSec 1 -PassThru).ExitCode | Should -Be 137
        $exec, $deaf | Remove-CtrTask | Should -HaveCount 2
        ($task | Get-CtrTask).Status | Should -Be 'Running'
    }

    It 'is gone when Invoke-CtrExec has given its result, which is not taken for the task: <_>' -ForEach 'Wait-CtrTask', 'Send-CtrSignal', 'Remove-CtrTask' {
        $result = $task | Invoke-CtrExec -Command true
        $arguments = if ($_ -eq 'Send-CtrSignal') { @{ Signal = 'KILL' } } else { @{} }
        { $result | & $_ @arguments -ErrorAction Stop } | Should -Throw -ErrorId 'ExecNotFound,*'
        ($task | Get-CtrTask).Status | Should -Be 'Running'
    }

    It 'is over when Invoke-CtrExec has given its result, and its container is stopped from it' {
        $status = New-Running | Invoke-CtrExec -Command true | Stop-CtrTask -Force -PassThru
        $status.ExecId, $status.ExitCode | Should -Be $null, 137
        $status | Remove-CtrContainer
    }

    It 'reads what it is given' {
        $exec = $task | Start-CtrExec -Command cat -StandardInput 'one', 'two'
        $null = $exec | Wait-CtrTask -TimeoutSec 60
        ($exec | Get-CtrLog).Text | Should -Be 'one', 'two'
        $null = $exec | Remove-CtrTask
    }

    It 'has an input that is closed later' {
        $exec = $task | Start-CtrExec -Command cat -OpenStandardInput
        $exec | Close-CtrStandardInput
        ($exec | Wait-CtrTask -TimeoutSec 60 | Remove-CtrTask).ExitCode | Should -Be 0
    }

    It 'changes nothing with -WhatIf' {
        $before = Get-Trace
        $task | Start-CtrExec -Command sleep, 3600 -WhatIf | Should -BeNullOrEmpty
        $task | Suspend-CtrTask -WhatIf
        $task | Update-CtrTask -Memory 1MB -WhatIf
        $task | Close-CtrStandardInput -WhatIf
        $task | Set-CtrTerminalSize -Columns 80 -Rows 25 -WhatIf
        Get-Trace | Should -Be $before
        ($task | Get-CtrTask).Status | Should -Be 'Running'
    }

    It 'does not let a child be taken for its task' {
        $children = $task | Get-CtrProcess | Where-Object Kind -EQ Child
        $children | Should -Not -BeNullOrEmpty
        { $children | Send-CtrSignal -Signal KILL -ErrorAction Stop } | Should -Throw -ErrorId 'ProcessNotAddressable,*'
        { $children | Remove-CtrTask -Force -ErrorAction Stop } | Should -Throw -ErrorId 'ProcessNotAddressable,*'
        { $children | Stop-CtrTask -ErrorAction Stop } | Should -Throw -ErrorId 'ProcessNotAddressable,*'
        ($task | Get-CtrTask).Status | Should -Be 'Running'
    }
}

Describe 'The errors of the seeds' {
    It 'have each an id and a category: <Id>' -ForEach @(
        @{ Id = 'ContainerAlreadyExists'; Category = 'ResourceExists'; Script = { New-CtrContainer -Id $task.Id -Image $image -Command true } }
        @{ Id = 'TaskAlreadyExists'; Category = 'ResourceExists'; Script = { $task | New-CtrTask } }
        @{ Id = 'ContainerNotFound'; Category = 'ObjectNotFound'; Script = { Suspend-CtrTask nobody } }
        @{ Id = 'TaskNotFound'; Category = 'ObjectNotFound'; Script = { $made | Suspend-CtrTask } }
        @{ Id = 'TaskNotRunning'; Category = 'InvalidOperation'; Script = { $ended | Start-CtrExec -Command true } }
        @{ Id = 'ExecNotFound'; Category = 'ObjectNotFound'; Script = { $task | Send-CtrSignal -Signal TERM -ExecId nothing } }
        @{ Id = 'TaskAlreadyStarted'; Category = 'InvalidOperation'; Script = { $task | Start-CtrTask } }
    ) {
        $task = New-Running
        $made = New-Container true
        $ended = New-Container true | Start-CtrTask
        $null = $ended | Wait-CtrTask
        $ErrorActionPreference = 'Stop'
        $record = try { & $Script } catch { $_ }
        $record.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $record.CategoryInfo.Category | Should -Be $Category
    }
}
