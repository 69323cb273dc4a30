BeforeDiscovery {
    $noPython = -not (Get-Command python3 -CommandType Application -ErrorAction Ignore)
    if ($noPython) { Write-Host "Skipped: 'Enter-CtrTask on a terminal', as there is no python3, which plays the terminal." }
}

BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    . "$PSScriptRoot/Daemon.ps1"
    Enter-TestNamespace
    $module = (Resolve-Path "$PSScriptRoot/../../out/Containerd").Path

    # Runs Enter-CtrTask in a PowerShell of its own on a pseudo-terminal, with steps such as @{ send = 'text' }. The terminal's
    # attributes are noted before, after, and when that PowerShell has ended.
    function Enter-OnTerminal([string] $Arguments, [hashtable[]] $Steps, [hashtable[]] $Last = @(@{ expect = 'AFTER' })) {
        $file = "$env:CONTAINERD_POWERSHELL_STATE/step-$([guid]::NewGuid().ToString('N'))"
        $script = @"
Import-Module '$module'
function wait(`$path) { while (-not [IO.File]::Exists(`$path)) { [Threading.Thread]::Sleep(20) } }
'BEF' + 'ORE'; wait '$file-before'
`$left = Enter-CtrTask $Arguments -ExitCodeVariable code -ErrorVariable failed
"AF" + "TER code=`$code left=`$(`$left.ExecId) error=`$(`$failed.FullyQualifiedErrorId)."; wait '$file-after'
"@
        $after = if ($Last.expect) { @{ attributes = "$file-after" } }
        $all = @(@{ expect = 'BEFORE' }, @{ attributes = "$file-before" }) + $Steps + $Last + $after | Where-Object { $_ }
        $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($script))
        ConvertTo-Json -InputObject @($all) -Compress |
            python3 "$PSScriptRoot/terminal.py" @pwsh -NoProfile -NonInteractive -EncodedCommand $encoded | ConvertFrom-Json
    }

    function Assert-Restored($Result) {
        $Result.Failure | Should -BeNullOrEmpty -Because $Result.Written
        $Result.Attributes | Select-Object -Unique | Should -HaveCount 1
    }
}

AfterAll {
    Exit-TestNamespace
}

Describe 'Enter-CtrTask' {
    It 'says so where there is no terminal' {
        $task = New-Running
        { $task | Enter-CtrTask -ErrorAction Stop } | Should -Throw -ErrorId 'NoTerminal,*'
        ($task | Get-CtrProcess).Kind | Should -Not -Contain 'Exec'
    }

    It 'refuses keys that are none' {
        { Enter-CtrTask nobody -DetachKeys ctrl-1 -ErrorAction Stop } | Should -Throw -ErrorId '*,Containerd.PowerShell.Tasks.EnterCtrTaskCommand'
    }
}

Describe 'Enter-CtrTask on a terminal' -Skip:$noPython {
    BeforeEach {
        $task = New-Running
    }

    It 'runs a shell: what is typed, its size, Ctrl+C and its exit code' {
        $result = Enter-OnTerminal $task.Id @(
            @{ expect = '# ' }, @{ send = "echo `$((6 * 7))-`$(hostname >/dev/null; tty)`r" }, @{ expect = '42-/dev/pts/' }
            @{ expect = '# ' }, @{ send = "stty size`r" }, @{ expect = "24 80`r`n" }
            @{ size = 132, 50 }, @{ expect = '# ' }, @{ send = "until [ `"`$(stty size)`" = '50 132' ]; do sleep 0.1; done; echo now `$(stty size)`r" }, @{ expect = 'now 50 132' }
            @{ expect = '# ' }, @{ send = "sh -c 'echo asl``echo eep``; exec sleep 3600'`r" }, @{ expect = 'asleep' }, @{ send = "`u{3}" }
            @{ expect = '# ' }, @{ send = "exit 7`r" })
        Assert-Restored $result
        $result.Written | Should -BeLike '*AFTER code=7 left= error=.*'
        ($task | Get-CtrProcess).Kind | Should -Not -Contain 'Exec'
    }

    It 'runs a command with what it is given' {
        $result = Enter-OnTerminal "$($task.Id) -Command sh, -c, 'echo `$A in `$PWD as `$(id -u); exit 3' -Environment @{ A = 'b' } -WorkingDirectory /tmp -User 1000" @(
            @{ expect = 'b in /tmp as 1000' })
        Assert-Restored $result
        $result.Written | Should -BeLike '*AFTER code=3 *'
    }

    It 'outlives a daemon that is killed, as the shell does' {
        $own = @{}
        $shared = @{ Address = $env:CONTAINERD_ADDRESS; Namespace = $env:CONTAINERD_NAMESPACE }
        try {
            Invoke-Daemon $own start, (Get-DaemonVersion)
            $env:CONTAINERD_ADDRESS = $own.ADDRESS

            # runc keeps its state by namespace and id for all daemons of a machine.
            $env:CONTAINERD_NAMESPACE = "enter-$([guid]::NewGuid().ToString('N'))"
            $null = Import-CtrImage "$env:CONTAINERD_TEST_IMAGES/busybox.tar"
            $result = Enter-OnTerminal (New-Running).Id @(
                @{ expect = '# ' }, @{ run = "kill -KILL $($own.PID)" }, @{ send = "echo st``echo ill```r" }, @{ expect = 'still' }
                @{ run = "'$PSScriptRoot/../daemon/daemon.sh' restart '$($own.DIR)'" }
                @{ expect = '# ' }, @{ send = "exit 7`r" })
            Assert-Restored $result
            $result.Written | Should -BeLike '*AFTER code=7 left= error=.*'
        }
        finally {
            $env:CONTAINERD_ADDRESS = $shared.Address
            $env:CONTAINERD_NAMESPACE = $shared.Namespace
            if ($own.DIR) { Invoke-Daemon $own stop, $own.DIR }
        }
    }

    It 'leaves the process running with the detach keys, for others to attach to' {
        $result = Enter-OnTerminal $task.Id @(
            @{ expect = '# ' }, @{ send = "echo begin`r" }, @{ expect = "begin`r`n" }, @{ expect = '# ' }, @{ send = "`u{10}" }, @{ send = "`u{11}" })
        Assert-Restored $result
        $result.Written | Should -Match 'AFTER code= left=exec-\w+ error=\.'
        $exec = $task | Get-CtrProcess | Where-Object Kind -EQ Exec
        $exec.Status | Should -Be 'Running'
        ($exec | Connect-CtrTask -StandardInput "echo again`n", "exit 4`n").Text | Should -Contain 'again'
        ($exec | Wait-CtrTask -TimeoutSec 60 | Remove-CtrTask).ExitCode | Should -Be 4
        Get-ChildItem $env:CONTAINERD_POWERSHELL_STATE -Recurse -Filter exec-*-std* | Should -BeNullOrEmpty
    }

    It 'starts nothing with -WhatIf, and writes nothing' {
        $count = @($task | Get-CtrProcess).Count
        $task | Enter-CtrTask -Command touch, /entered -WhatIf | Should -BeNullOrEmpty
        @($task | Get-CtrProcess).Count | Should -Be $count
        $exec = $task | Start-CtrExec -Command cat -OpenStandardInput
        $exec | Connect-CtrTask -StandardInput 'never' -WhatIf | Should -BeNullOrEmpty
        $exec | Close-CtrStandardInput
        ($exec | Wait-CtrTask -TimeoutSec 60 | Remove-CtrTask).ExitCode | Should -Be 0
    }

    It 'gives the terminal back when the process is killed' {
        $result = Enter-OnTerminal "$($task.Id) -Command sh, -c, 'echo up; kill -9 `$`$'" @(@{ expect = 'up' })
        Assert-Restored $result
        $result.Written | Should -BeLike '*AFTER code=137 *'
    }

    It 'gives the terminal back when the command does not exist' {
        $result = Enter-OnTerminal "$($task.Id) -Command nothing" @()
        Assert-Restored $result
        $result.Written | Should -BeLike '*error=CommandNotFound,*'
    }

    It 'gives the terminal back when PowerShell is ended by a signal' {
        $result = Enter-OnTerminal $task.Id @(@{ expect = '# ' }) -Last @{ signal = 'SIGTERM' }
        Assert-Restored $result
        $task | Get-CtrProcess | Where-Object Kind -EQ Exec | Remove-CtrTask -Force
    }
}
