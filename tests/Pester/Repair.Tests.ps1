BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    Enter-TestNamespace

    # Runs a script in a PowerShell of its own and kills that when the moment has come, which gets the process.
    function Invoke-Killed([string] $Script, [scriptblock] $Moment) {
        $start = [Diagnostics.ProcessStartInfo]::new(($env:PWSH ?? 'pwsh'))
        $start.RedirectStandardOutput = $true
        $start.RedirectStandardError = $true
        '-NoProfile', '-NonInteractive', '-Command', "Import-Module '$((Get-Module Containerd).Path)'; $Script" | ForEach-Object { $start.ArgumentList.Add($_) }
        $process = [Diagnostics.Process]::Start($start)
        try {
            & $Moment $process
        }
        finally {
            # Where it is a .NET tool, PowerShell itself is the child of a launcher.
            $all = @($process; Get-Process | Where-Object { $_.Parent.Id -eq $process.Id })
            $process.Kill($true)
            $all.ForEach{ $_.WaitForExit() }
        }
    }

    function Wait-Until([scriptblock] $Condition) {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        while (-not (& $Condition)) {
            if ($watch.Elapsed -gt $guard) { throw "It did not come: $Condition" }
            Start-Sleep -Milliseconds 50
        }
    }

    function Invoke-Ctr {
        & $env:CONTAINERD_TEST_CTR --address $env:CONTAINERD_TEST_ADDRESS --namespace $env:CONTAINERD_NAMESPACE @args
    }

    # A client makes its pipes and opens them at once, so young ones are left alone.
    function Set-Aged {
        Get-ChildItem -Recurse -Force $env:CONTAINERD_POWERSHELL_STATE | ForEach-Object { [IO.File]::SetLastWriteTimeUtc($_.FullName, [datetime]::UtcNow.AddHours(-1)) }
    }
}

AfterAll {
    Exit-TestNamespace
}

Describe 'Repair-Ctr after a PowerShell that was killed' {
    It 'in the middle of an import: lists with -WhatIf, removes, and then finds nothing' {
        # The archive stops half-way and its pipe stays open, so the import waits.
        $pipe = "$TestDrive/archive.tar"
        mkfifo $pipe
        $writer = [Diagnostics.Process]::Start('bash', [string[]]('-c', 'exec 3> "$1"; head -c 600000 "$0" >&3; exec sleep 600', "$env:CONTAINERD_TEST_IMAGES/busybox.tar", $pipe))
        try {
            Invoke-Killed "Import-CtrImage '$pipe' -Name example.com/half:1" { Wait-Until { Invoke-Ctr leases ls -q } }
        }
        finally {
            $writer.Kill()
        }

        $found = Repair-Ctr -WhatIf
        $found.Kind | Should -Contain Lease
        $found.Removed | Should -Not -Contain $true
        $found | Should -BeOfType ([Containerd.CtrRemnant])
        (Repair-Ctr -WhatIf).Id | Should -Be $found.Id

        $removed = Repair-Ctr
        $removed.Id | Should -Be $found.Id
        $removed.Removed | Should -Not -Contain $false
        Repair-Ctr | Should -BeNullOrEmpty
        Invoke-Ctr leases ls -q | Should -BeNullOrEmpty
    }

    It 'in the middle of runs: removes the pipes and not what a living command uses' {
        $task = New-Running
        Invoke-Killed "Invoke-CtrExec $($task.Id) sh, -c, 'echo up; exec sleep 1' -Stream | ForEach-Object Text" {
            param($process)
            $process.StandardOutput.ReadLine() | Should -Be up
        }
        # The command ends by itself, and the shim lets go of its pipes.
        Wait-Until { Set-Aged; @(Repair-Ctr -WhatIf).Count -eq 2 }
        $living = Start-ThreadJob { param($module, $id) Import-Module $module; Invoke-CtrExec $id sh, -c, 'echo up; sleep 5' -Stream } -ArgumentList (Get-Module Containerd).Path, $task.Id
        Wait-Until { $living.Output.Count }
        Set-Aged

        $found = Repair-Ctr -WhatIf
        $found | Should -HaveCount 2
        $found.Kind | Should -Be 'Fifo', 'Fifo'
        $removed = Repair-Ctr -Kind Fifo
        $removed.Removed | Should -Be $true, $true
        $removed.Id | ForEach-Object { Test-Path $_ | Should -BeFalse }
        Repair-Ctr | Should -BeNullOrEmpty
        ($living | Receive-Job -Wait -AutoRemoveJob).Text | Should -Be 'up'
        (Get-CtrTask $task.Id).Status | Should -Be Running
        Remove-CtrContainer $task.Id -Force
    }

    It 'takes one kind alone' {
        $container = New-Container true
        Invoke-Ctr containers delete $container.Id
        Set-Aged
        Repair-Ctr Lease, Fifo | Should -BeNullOrEmpty
        $removed = Repair-Ctr Directory
        $removed.Id | Should -BeLike "*/$($container.Id)"
        ($removed | Out-String) | Should -Match 'Directory +True'
    }
}
