BeforeDiscovery {
    $container = 'containerd.services.containers.v1.Containers'
    $task = 'containerd.services.tasks.v1.Tasks'
    $image = 'containerd.services.images.v1.Images'
    $lease = 'containerd.services.leases.v1.Leases'
    $snapshot = 'containerd.services.snapshots.v1.Snapshots'
    $content = 'containerd.services.content.v1.Content'
    $diff = 'containerd.services.diff.v1.Diff'

    # What the daemon has before, the command, and the calls at which the daemon falls silent.
    $commands = @(
        @{ Has = 'image'; Script = 'New-CtrContainer c -Image busybox'; Calls = "$container/Get", "$content/Read", "$lease/Create", "$snapshot/Prepare", "$container/Create", "$lease/Delete" }
        @{ Has = 'packed image'; Script = 'New-CtrContainer c -Image busybox'; Calls = "$diff/Apply", "$snapshot/Commit" }
        @{ Has = 'container'; Script = 'New-CtrTask c'; Calls = "$container/Get", "$snapshot/Mounts", "$task/Create" }
        @{ Has = 'container'; Script = 'Start-CtrTask c'; Calls = "$task/Get", "$task/Create", "$task/Start" }
        @{ Has = 'container'; Script = 'Start-CtrTask c -Attach'; Calls = "$task/Create", "$task/Wait", "$task/Start" }
        @{ Has = 'task'; Script = 'Invoke-CtrExec c true'; Calls = "$task/Exec", "$task/Wait", "$task/Start", "$task/DeleteProcess" }
        @{ Has = 'task'; Script = 'Invoke-CtrExec c cat -Stream -StandardInput x'; Calls = "$task/Exec", "$task/Start", "$task/CloseIO" }
        @{ Has = 'task'; Script = 'Stop-CtrTask c'; Calls = "$task/Wait", "$task/Kill" }
        @{ Has = 'task'; Script = 'Wait-CtrTask c'; Calls = , "$task/Wait" }
        @{ Has = 'task'; Script = 'Get-CtrLog c -Follow'; Calls = "$task/Get", "$task/Wait" }
        @{ Has = 'task'; Script = 'Remove-CtrTask c -Force'; Calls = "$task/Kill", "$task/Wait", "$task/Delete" }
        @{ Has = 'task'; Script = 'Remove-CtrContainer c -Force'; Calls = "$task/Kill", "$task/Delete", "$container/Delete", "$snapshot/Remove" }
        @{ Has = 'container'; Script = 'Set-CtrContainer c -Label @{ a = "b" }'; Calls = , "$container/Update" }
        @{ Has = 'nothing'; Script = 'Import-CtrImage $archive'; Calls = "$lease/Create", "$content/Write", "$lease/AddResource", "$content/Update", "$snapshot/Prepare", "$diff/Apply", "$snapshot/Commit", "$image/Create", "$lease/Delete" }
        @{ Has = 'image'; Script = 'Remove-CtrImage busybox'; Calls = , "$image/Delete" }
    )

    # The commands that a shim takes part in, and the calls that it does not answer.
    $hung = @(
        @{ Script = 'Get-CtrTask c'; Method = 'Get' }
        @{ Script = 'Get-CtrProcess c'; Method = 'Get' }
        @{ Script = 'Measure-CtrTask c'; Method = 'Metrics' }
        @{ Script = 'Wait-CtrTask c'; Method = 'Wait' }
        @{ Script = 'Invoke-CtrExec c true'; Method = 'Exec' }
        @{ Script = 'Start-CtrExec c true'; Method = 'Exec' }
        @{ Script = 'Copy-CtrItem c:/etc/passwd /tmp/never'; Method = 'Get' }
        @{ Script = 'Send-CtrSignal c TERM'; Method = 'Kill' }
        @{ Script = 'Stop-CtrTask c'; Method = 'Kill' }
        @{ Script = 'Stop-CtrTask c -Force'; Method = 'Kill' }
        @{ Script = 'Suspend-CtrTask c'; Method = 'Pause' }
        @{ Script = 'Resume-CtrTask c'; Method = 'Resume' }
        @{ Script = 'Connect-CtrTask c'; Method = 'Get' }
        @{ Script = 'Update-CtrTask c -Memory 64MB'; Method = 'Update' }
        @{ Script = 'Set-CtrTerminalSize c -Columns 80 -Rows 25'; Method = 'ResizePty' }
        @{ Script = 'Close-CtrStandardInput c'; Method = 'CloseIO' }
        @{ Script = 'Save-CtrCheckpoint c -Image saved:1'; Method = 'Checkpoint' }
        @{ Script = 'Remove-CtrTask c -Force'; Method = 'Kill' }
        @{ Script = 'Remove-CtrContainer c -Force'; Method = 'Kill' }
    )
    $cases = foreach ($command in $commands) {
        foreach ($call in $command.Calls) {
            @{ Script = $command.Script; Has = $command.Has; Path = "/$call"; Method = $call -replace '.*\.' }
        }
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../out/Containerd"
    . "$PSScriptRoot/FaultSocket.ps1"
    . "$PSScriptRoot/Stopping.ps1"
    $archive = "$env:CONTAINERD_TEST_IMAGES/busybox.tar"

    function Invoke-Ctr { & $env:CONTAINERD_TEST_CTR --address $env:CONTAINERD_TEST_ADDRESS --namespace $env:CONTAINERD_NAMESPACE @args }
    function Get-Lease { Invoke-Ctr leases list --quiet }
}

AfterAll {
    Show-Longest
    Remove-Module Containerd
}

Describe 'Ctrl+C when the daemon has fallen silent' {
    BeforeEach {
        $null = Enter-StopNamespace
    }

    AfterEach {
        $socket.Dispose()
        Exit-StopNamespace
    }

    It 'ends <Script> at <Method>' -ForEach $cases {
        switch ($Has) {
            'nothing' { Get-CtrImage | Remove-CtrImage }
            'packed image' { Get-CtrImage | Remove-CtrImage; $null = Import-CtrImage $archive -NoUnpack }
            'container' { $null = New-Container c }
            'task' { $null = New-Container c | Start-CtrTask }
        }
        $socket = New-FaultSocket -Relay $env:CONTAINERD_ADDRESS -FreezeAt $Path
        $result = Invoke-Stopped "$Script at $Method" "$Script -Address `$address" @{ address = $socket.Path; archive = $archive } { $socket.WaitFor($Path, 30) }
        $result.State | Should -Be 'Stopped'
        # A log may have had its line already.
        $result.Output | Where-Object { "$_" -ne 'up' } | Should -BeNullOrEmpty
        $result.Errors | Should -BeNullOrEmpty
    }

    It 'ends a stream: <Script>' -ForEach @(
        @{ Script = 'Start-CtrTask c -Attach' }
        @{ Script = 'Invoke-CtrExec running sh, -c, "echo up; sleep 3600" -Stream' }
        @{ Script = 'Get-CtrLog running -Follow' }
    ) {
        $null = New-Container c
        $null = New-Container running | Start-CtrTask
        $socket = New-FaultSocket -Relay $env:CONTAINERD_ADDRESS
        $result = Invoke-Stopped $Script "$Script -Address `$address" @{ address = $socket.Path } {
            param($output)
            [Threading.SpinWait]::SpinUntil({ $output.Count -gt 0 }, $guard) | Should -BeTrue
            $socket.Freeze()
        }
        $result.State | Should -Be 'Stopped'
        $result.Output.Text | Should -Be 'up'
        $result.Errors | Should -BeNullOrEmpty
    }

    # A stopped command's errors are not written: this one it shows on its host, a PowerShell of its own here.
    It 'says where the checkpoint is of a task that CRIU may have ended' {
        $null = New-Container c | Start-CtrTask
        $socket = New-FaultSocket -Relay $env:CONTAINERD_ADDRESS -FreezeAt '/containerd.services.tasks.v1.Tasks/Checkpoint'
        $process = Start-Stoppable "Save-CtrCheckpoint c -ImagePath '$TestDrive/saved' -Exit -Address '$($socket.Path)'"
        try {
            $socket.WaitFor('Tasks/Checkpoint', 30)
            $process.StandardInput.WriteLine()
            $written = $process.StandardError.ReadToEndAsync().WaitAsync($guard).GetAwaiter().GetResult()
        }
        finally {
            $process.Kill($true)
            $process.Dispose()
        }
        $written | Should -BeLike "*its checkpoint is in '$TestDrive/saved' on the daemon's host*"
        Get-Lease | Should -BeNullOrEmpty
    }
}

Describe 'Ctrl+C when a shim hangs' {
    BeforeEach {
        $null = Enter-StopNamespace
        $null = New-Container c | Start-CtrTask
        function Get-Shim([string] $Id) {
            (Get-Process containerd-shim*).Where({ $_.CommandLine -like "*-namespace $env:CONTAINERD_NAMESPACE -id $Id *" }).Id
        }
        $shim = Get-Shim c
        $socket = New-FaultSocket -Relay $env:CONTAINERD_ADDRESS
    }

    AfterEach {
        kill -CONT $shim
        $socket.Dispose()
        Exit-StopNamespace
    }

    It 'ends <Script>' -ForEach $hung {
        kill -STOP $shim
        $result = Invoke-Stopped "$Script at $Method of a hung shim" "$Script -Address `$address" @{ address = $socket.Path } { $socket.WaitFor("Tasks/$Method", 30) }
        $result.State | Should -Be 'Stopped'
        $result.Output | Should -BeNullOrEmpty
        $result.Errors | Should -BeNullOrEmpty
    }

    # A CRIU that is broken off leaves its code in the task's processes.
    It 'leaves a checkpoint to CRIU, which completes it, and drops it then' {
        kill -STOP $shim
        $save = "Save-CtrCheckpoint c -Path '$TestDrive/left' -Address '$($socket.Path)'"
        $result = Invoke-Stopped "$save of a hung shim" $save @{} { $socket.WaitFor('Tasks/Checkpoint', 30) }
        $result.State | Should -Be 'Stopped'
        @(Get-Lease).Count | Should -Be 1
        kill -CONT $shim
        # Whoever wants another one waits for the one before.
        (& ([scriptblock]::Create($save))).Location | Should -Be "$TestDrive/left"
        [Threading.SpinWait]::SpinUntil({ -not (Get-Lease) }, $guard) | Should -BeTrue
        (Get-ChildItem -Force $TestDrive -Filter *left*).Name | Should -Be 'left'
        (Get-CtrTask c).Status | Should -Be 'Running'
    }

    It 'leaves a checkpoint to CRIU, whose end the process waits for' {
        kill -STOP $shim
        $process = Start-Stoppable "Save-CtrCheckpoint c -Path '$TestDrive/ended' -Address '$($socket.Path)'"
        try {
            $socket.WaitFor('Tasks/Checkpoint', 30)
            $process.StandardInput.WriteLine()
            $process.StandardOutput.ReadLineAsync().WaitAsync($guard).GetAwaiter().GetResult() | Should -Be 0

            # Longer than it waits for what can be broken off.
            $process.WaitForExit(5000) | Should -BeFalse
            kill -CONT $shim
            $process.WaitForExit($guard) | Should -BeTrue
        }
        finally {
            $process.Kill($true)
            $process.Dispose()
        }
        (Get-CtrTask c).Status | Should -Be 'Running'
        Get-Lease | Should -BeNullOrEmpty
        Get-ChildItem -Force $TestDrive -Filter *ended* | Should -BeNullOrEmpty
    }

    # Here it hangs when the process is to be killed and removed.
    It 'ends a stream: <Script>' -ForEach @(
        @{ Id = 'attached'; Script = 'Start-CtrTask attached -Attach' }
        @{ Id = 'c'; Script = 'Invoke-CtrExec c sh, -c, "echo up; sleep 3600" -Stream' }
        @{ Id = 'c'; Script = 'Get-CtrLog c -Follow' }
    ) {
        $null = New-Container attached
        $result = try {
            Invoke-Stopped "$Script on a hung shim" $Script @{} {
                param($output)
                [Threading.SpinWait]::SpinUntil({ $output.Count -gt 0 }, $guard) | Should -BeTrue
                kill -STOP (Get-Shim $Id)
            }
        }
        finally {
            kill -CONT (Get-Shim $Id)
        }
        $result.State | Should -Be 'Stopped'
        $result.Output.Text | Should -Be 'up'
        $result.Errors | Should -BeNullOrEmpty
    }
}

Describe 'Ctrl+C when the daemon stands still for a while' {
    BeforeEach {
        $null = Enter-StopNamespace
    }

    AfterEach {
        Exit-StopNamespace
    }

    # A command without a session closes its connection when it ends.
    It 'takes back what <Script> had begun, before the next command' -ForEach @(
        @{ Script = 'Start-CtrTask c' }
        @{ Script = 'Start-CtrTask c -Attach' }
        @{ Script = 'New-CtrTask c' }
    ) {
        $null = New-Container c
        foreach ($delay in 0..7 | ForEach-Object { 15 * $_ }) {
            $result = try {
                Invoke-Stopped "$Script after $delay ms" "'begun'; $Script -Address `$address" @{ address = $env:CONTAINERD_ADDRESS } {
                    param($output)
                    [Threading.SpinWait]::SpinUntil({ $output.Count -gt 0 }, $guard) | Should -BeTrue
                    Start-Sleep -Milliseconds $delay
                    kill -STOP $env:CONTAINERD_TEST_PID
                }
            }
            finally {
                kill -CONT $env:CONTAINERD_TEST_PID
            }
            if ($result.State -eq 'Stopped') {
                (Start-CtrTask c).Status | Should -Be Running
                $result.Errors | Should -BeNullOrEmpty
            }
            Stop-CtrTask c -Force -Confirm:$false
            Remove-CtrTask c -Force
        }
    }

    # Here the command is stopped and its PowerShell ends.
    It 'takes back what Start-CtrTask had begun, before its process is gone' {
        $null = New-Container c
        $bundle = "$env:CONTAINERD_TEST_STATE/io.containerd.runtime.v2.task/$env:CONTAINERD_NAMESPACE/c"
        $stopped = 0
        foreach ($delay in 0..7 | ForEach-Object { 6 * $_ }) {
            $process = Start-Stoppable 'Start-CtrTask c'
            try {
                [Threading.SpinWait]::SpinUntil({ Test-Path $bundle }, $guard) | Should -BeTrue
                Start-Sleep -Milliseconds $delay
                kill -STOP $env:CONTAINERD_TEST_PID
                $process.StandardInput.WriteLine()
                $count = [int]$process.StandardOutput.ReadLineAsync().WaitAsync($guard).GetAwaiter().GetResult()

                # A process that did not wait would be gone before the daemon goes on.
                $null = $process.WaitForExit(500)
                kill -CONT $env:CONTAINERD_TEST_PID
                $process.WaitForExit($guard) | Should -BeTrue
            }
            finally {
                kill -CONT $env:CONTAINERD_TEST_PID
                $process.Kill($true)
                $process.Dispose()
            }
            if ($count -eq 0) {
                $stopped++
                (Start-CtrTask c).Status | Should -Be Running -Because "it was left after $delay ms"
            }
            Remove-CtrTask c -Force
        }
        $stopped | Should -BeGreaterThan 0
    }
}
