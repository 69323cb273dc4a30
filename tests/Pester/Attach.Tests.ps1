BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    Enter-TestNamespace
    $module = (Resolve-Path "$PSScriptRoot/../../out/Containerd").Path

    # A client in a process of its own. What it writes goes to a file, so that it is there to read when the client is killed.
    function Start-Client([string] $Script) {
        $output = "$env:CONTAINERD_POWERSHELL_STATE/client-$([guid]::NewGuid().ToString('N'))"
        $text = "Import-Module '$module'; $Script"
        $process = Start-Process $pwsh[0] -PassThru -RedirectStandardOutput $output -RedirectStandardError "$output.error" -ArgumentList (@($pwsh | Select-Object -Skip 1) + @(
            '-NoProfile', '-NonInteractive', '-EncodedCommand', [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($text))))
        [pscustomobject]@{ Process = $process; Output = $output; Error = "$output.error" }
    }

    function Stop-Client($Client) {
        $Client.Process.Kill()
        $Client.Process.WaitForExit($guard) | Should -BeTrue
        $Client.Process.ExitCode | Should -Be 137
        @(Get-Content $Client.Output)
    }

    function Wait-Until([string] $What, [scriptblock] $Condition) {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        while (-not (& $Condition)) {
            if ($watch.Elapsed -gt [timespan]::FromMinutes(2)) { throw "This took too long: $What." }
            Start-Sleep -Milliseconds 20
        }
    }

    # The first process waits for SIGUSR1 before it does what it is for.
    $waiting = 'trap "go=1" USR1; until [ "$go" ]; do sleep 3600 & wait $!; done; '

    # As long as it has not ended the kernel holds its output.
    $waitingAgain = 'go=; until [ "$go" ]; do sleep 3600 & wait $!; done; '

    function Send-Go([string] $Id) {
        Wait-Until 'the trap is set' { $task = Get-CtrTask $Id -ErrorAction Ignore; $task.Status -eq 'Running' -and (Test-UserTrap $task.Pid) }
        Send-CtrSignal $Id USR1
    }

    function Test-UserTrap([int] $ProcessId) {
        $caught = [Convert]::ToInt64(((Get-Content "/proc/$ProcessId/status") -match '^SigCgt:')[0].Substring(7).Trim(), 16)
        (Get-Content "/proc/$ProcessId/comm") -eq 'sh' -and ($caught -band (1 -shl (10 - 1)))
    }
}

AfterAll {
    Exit-TestNamespace
}

Describe 'Connect-CtrTask, when the client that started the task was killed' {
    It 'gets all that was written meanwhile, and all that comes later' {
        $container = New-Container sh, -c, ($waiting + 'seq 1 20000; ' + $waitingAgain + 'seq 20001 20010; echo bad >&2; exit 5')
        $client = Start-Client "Start-CtrTask $($container.Id) -Attach"
        Wait-Until 'the client starts the task' { (Get-CtrTask $container.Id -ErrorAction Ignore).Status -eq 'Running' }
        Stop-Client $client | Should -BeNullOrEmpty
        Send-Go $container.Id
        $lines = Connect-CtrTask $container.Id | ForEach-Object { $_; if ($_.Text -eq '20000') { Send-CtrSignal $container.Id USR1 } }
        $read, $complaint = $lines.Where({ $_.Stream -eq 'StandardOutput' }, 'Split')
        $read.Count | Should -Be 20010
        ($read.Text -join ' ') | Should -Be ((1..20010) -join ' ')
        $complaint.Text | Should -Be 'bad'
        (Wait-CtrTask $container.Id -TimeoutSec 60).ExitCode | Should -Be 5
    }

    It 'goes on where that one was in the middle of its output' {
        $container = New-Container seq, 1, 500000
        $client = Start-Client "Start-CtrTask $($container.Id) -Attach | ForEach-Object { `$_.Text; Start-Sleep -Milliseconds 5 }"
        Wait-Until 'the client reads' { (Get-Content $client.Output -TotalCount 10 -ErrorAction Ignore).Count -ge 10 }
        $seen = Stop-Client $client
        (Get-CtrTask $container.Id).Status | Should -Be 'Running' -Because 'the output is more than the kernel and the client hold'
        $lines = @((Connect-CtrTask $container.Id).Text)

        # What it had read and not yet written went with it, and half of a line may have.
        $first = [int] $lines[1]
        $first | Should -BeGreaterThan ([int] $seen[-2])
        ($lines[1..($lines.Count - 1)] -join ' ') | Should -Be (($first..500000) -join ' ')
        (Wait-CtrTask $container.Id -TimeoutSec 60).ExitCode | Should -Be 0
    }

    It 'reads what a third one left' {
        $container = New-Container sh, -c, ($waiting + 'seq 1 100; ' + $waitingAgain)
        $client = Start-Client "Start-CtrTask $($container.Id) -Attach"
        Wait-Until 'the client starts the task' { (Get-CtrTask $container.Id -ErrorAction Ignore).Status -eq 'Running' }
        $null = Stop-Client $client
        $stopped = Stop-Script 'Connect-CtrTask $id' @{ id = $container.Id } -WithoutOutput
        $stopped.State | Should -Be 'Stopped'
        Send-Go $container.Id
        (Connect-CtrTask $container.Id | ForEach-Object { $_; if ($_.Text -eq '100') { Send-CtrSignal $container.Id USR1 } }).Text | Should -Be (1..100)
    }

    It 'reaches the input that it opened' {
        $container = New-Container cat
        $client = Start-Client "Start-CtrTask $($container.Id) -OpenStandardInput | Out-Null; 'started'; Start-Sleep 3600"
        Wait-Until 'the client starts the task' { (Get-Content $client.Output -ErrorAction Ignore) -eq 'started' }
        $null = Stop-Client $client
        (Get-CtrTask $container.Id).Status | Should -Be 'Running'
        (Connect-CtrTask $container.Id -StandardInput 'one', 'two').Text | Should -Be 'one', 'two'
        (Wait-CtrTask $container.Id -TimeoutSec 60).ExitCode | Should -Be 0
    }

    It 'reads an exec of it' {
        $task = New-Running
        $client = Start-Client "Invoke-CtrExec $($task.Id) -ExecId killed -Stream -Command sh, -c, '$waiting seq 1 100; $waitingAgain exit 6'"
        Wait-Until 'the client starts the exec' { (Get-CtrProcess $task.Id -ExecId killed -ErrorAction Ignore).Status -eq 'Running' }
        $exec = Get-CtrProcess $task.Id -ExecId killed
        Wait-Until 'the trap is set' { Test-UserTrap $exec.Pid }
        $null = Stop-Client $client
        $exec | Send-CtrSignal -Signal USR1
        ($exec | Connect-CtrTask | ForEach-Object { $_; if ($_.Text -eq '100') { $exec | Send-CtrSignal -Signal USR1 } }).Text | Should -Be (1..100)
        ($exec | Wait-CtrTask -TimeoutSec 60).ExitCode | Should -Be 6
        $null = $exec | Remove-CtrTask
    }
}

Describe 'Connect-CtrTask' {
    It 'reads a terminal' {
        $container = New-CtrContainer -Id "c-$([guid]::NewGuid().ToString('N'))" -Image $image -Terminal -Command sh, -c, ($waiting + 'echo seen; ' + $waitingAgain)
        $container | Start-CtrTask | Should -BeOfType Containerd.CtrTask
        Send-Go $container.Id
        (Connect-CtrTask $container.Id | ForEach-Object { $_; Send-CtrSignal $container.Id USR1 }).Text | Should -Be 'seen'
    }

    It 'says that its input cannot be read, and leaves the task running' {
        $container = New-Container cat
        $null = $container | Start-CtrTask -OpenStandardInput
        foreach ($time in 1..20) {
            # Nothing is mapped at address 0.
            { Connect-CtrTask $container.Id -StandardInput (Get-Item /proc/self/mem) -ErrorAction Stop } | Should -Throw '*nput/output error*'
        }

        (Get-CtrTask $container.Id).Status | Should -Be 'Running'
        (Connect-CtrTask $container.Id -StandardInput 'still here').Text | Should -Be 'still here'
    }

    It 'leaves the task running when it is stopped' {
        $container = New-Container sh, -c, 'while :; do echo here; sleep 0.1; done'
        $null = $container | Start-CtrTask
        $container | Connect-CtrTask | Select-Object -First 2 | Should -HaveCount 2
        ($container | Get-CtrTask).Status | Should -Be 'Running'
    }
}
