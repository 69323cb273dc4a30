BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    Enter-TestNamespace
    $task = New-Running
}

AfterAll {
    Exit-TestNamespace
}

Describe 'Invoke-CtrExec' {
    It 'gives outputs, exit code and times' {
        $result = $task | Invoke-CtrExec -Command sh, -c, 'echo out; echo err >&2; exit 5'
        $result | Should -BeOfType Containerd.CtrExecResult
        $result.StandardOutput | Should -Be "out`n"
        $result.StandardError | Should -Be "err`n"
        $result.ExitCode | Should -Be 5
        $result.ContainerId | Should -Be $task.Id
        $result.ExitedAt | Should -BeGreaterOrEqual $result.StartedAt.AddSeconds(-1)
    }

    It 'takes its container as id, container, task and result' {
        $container = Get-CtrContainer $task.Id
        (Invoke-CtrExec $task.Id echo, 1).StandardOutput | Should -Be "1`n"
        ($container | Invoke-CtrExec -Command echo, 2).StandardOutput | Should -Be "2`n"
        ($task | Invoke-CtrExec -Command echo, 3 | Invoke-CtrExec -Command echo, 4).StandardOutput | Should -Be "4`n"
        ($task | Invoke-CtrExec -Command true | Get-CtrTask).Id | Should -Be $task.Id
    }

    It 'writes lines as they arrive with -Stream, and the exit code into a variable' {
        $lines = $task | Invoke-CtrExec -Command sh, -c, 'echo out; echo err >&2; exit 7' -Stream -ExitCodeVariable code
        ($lines | Where-Object Stream -EQ StandardOutput).Text | Should -Be 'out'
        ($lines | Where-Object Stream -EQ StandardError).Text | Should -Be 'err'
        $code | Should -Be 7
        $null = $task | Invoke-CtrExec -Command sh, -c, 'exit 8' -ExitCodeVariable code
        $code | Should -Be 8
    }

    It 'leaves no exit code of an earlier command where this one did not run to its end' {
        foreach ($failing in { $task | Invoke-CtrExec -Command nosuch -ExitCodeVariable code -ErrorAction Stop },
            { $task | Invoke-CtrExec -Command sleep, 60 -ExitCodeVariable code -TimeoutSec 1 -ErrorAction Stop },
            { $task | Invoke-CtrExec -Command nosuch -Stream -ExitCodeVariable code -ErrorAction Stop }) {
            $code = 0
            try { . $failing } catch { $failed = $_ }
            $failed | Should -Not -BeNullOrEmpty
            $code | Should -BeNullOrEmpty
        }
    }

    It 'holds little of long lines that are read slowly' {
        $script = 'i=0; while [ $i -lt 128 ]; do head -c 1048000 /dev/zero | tr "\0" x; echo; i=$((i+1)); done'
        $before = [GC]::GetTotalMemory($true)
        $held = $task | Invoke-CtrExec -Command sh, -c, $script -Stream | ForEach-Object {
            Start-Sleep -Milliseconds 30
            if ($_.Text.Length -ne 1048000) { throw "a line of $($_.Text.Length)" }
            # What is held: more than that would not go.
            if (++$count % 32 -eq 0) { [GC]::GetTotalMemory($true) - $before }
        }
        $held | Should -HaveCount 4
        ($held | Measure-Object -Maximum).Maximum | Should -BeLessThan 32MB
    }

    It 'reads standard input from <Name>' -ForEach @(
        @{ Name = 'text'; Value = { "one`ntwo`n" } }
        @{ Name = 'lines'; Value = { 'one', 'two' } }
        @{ Name = 'bytes'; Value = { , [Text.Encoding]::UTF8.GetBytes("one`ntwo`n") } }
        @{ Name = 'a file'; Value = { $path = Join-Path $TestDrive input; [IO.File]::WriteAllText($path, "one`ntwo`n"); Get-Item $path } }
        @{ Name = 'a stream'; Value = { [IO.MemoryStream]::new([Text.Encoding]::UTF8.GetBytes("one`ntwo`n")) } }
    ) {
        $value = & $Value
        ($task | Invoke-CtrExec -Command cat -StandardInput $value).StandardOutput | Should -Be "one`ntwo`n"
    }

    It 'gives a stream to one container, and an error to the next' {
        $one, $two = (New-Running), (New-Running)
        $stream = [IO.MemoryStream]::new([byte[]](72, 105))
        $results = $one, $two | Invoke-CtrExec -Command cat -StandardInput $stream -ErrorAction SilentlyContinue -ErrorVariable failure
        $results.StandardOutput | Should -Be 'Hi'
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'InvalidStandardInput,*'
    }

    It 'warns where a child in the background holds the output open' {
        $result = $task | Invoke-CtrExec -Command sh, -c, 'sleep 15 & echo now' -WarningVariable warnings -WarningAction SilentlyContinue
        $result.StandardOutput | Should -Be "now`n"
        $result.OutputTruncated | Should -BeTrue
        $warnings | Should -BeLike "*'$($task.Id)' may be missing*"
        $whole = $task | Invoke-CtrExec -Command echo, all -WarningVariable warnings
        $whole.OutputTruncated | Should -BeFalse
        $warnings | Should -BeNullOrEmpty
    }

    It 'tells what it cannot read' {
        { $task | Invoke-CtrExec -Command cat -StandardInput (Get-Item /) -ErrorAction Stop } | Should -Throw 'A DirectoryInfo*' -ErrorId 'InvalidStandardInput,*'
        { $task | Invoke-CtrExec -Command cat -StandardInput ([IO.FileInfo]::new('/nosuch')) -ErrorAction Stop } | Should -Throw '*/nosuch*' -ErrorId 'FileNotFound,*'
    }

    It 'reads the end at once without input' {
        ($task | Invoke-CtrExec -Command cat).StandardOutput | Should -Be ''
    }

    It 'gives a terminal' {
        ($task | Invoke-CtrExec -Command tty -Terminal).StandardOutput | Should -Match '^/dev/pts/'
        ($task | Invoke-CtrExec -Command sh, -c, 'stty -echo; cat' -Terminal -StandardInput "typed`n").StandardOutput | Should -Match 'typed'
    }

    It 'takes environment, directory and user' {
        $result = $task | Invoke-CtrExec -Command sh, -c, 'echo $A $PWD $(id -u)' -Environment @{ A = 'b c' } -WorkingDirectory /tmp -User app
        $result.StandardOutput | Should -Be "b c /tmp 1000`n"
    }

    It 'names the error of <Id>' -ForEach @(
        @{ Id = 'CommandNotFound'; More = @{ Command = 'no-such-program' } }
        @{ Id = 'CommandNotExecutable'; More = @{ Command = '/etc/passwd' } }
        @{ Id = 'InvalidWorkingDirectory'; More = @{ Command = 'true'; WorkingDirectory = 'tmp' } }
        @{ Id = 'InvalidEnvironment'; More = @{ Command = 'true'; Environment = '=x' } }
        @{ Id = 'InvalidUser'; More = @{ Command = 'true'; User = 'nobody-here' } }
        @{ Id = 'InvalidStandardInput'; More = @{ Command = 'true'; StandardInput = 5.5 } }
        @{ Id = 'WorkingDirectoryNotFound'; More = @{ Command = 'true'; WorkingDirectory = '/nosuch' } }
    ) {
        { $task | Invoke-CtrExec @More -ErrorAction Stop } | Should -Throw -ErrorId "$Id,*"
    }

    It 'kills what runs longer than it may' {
        $before = Get-Trace
        { $task | Invoke-CtrExec -Command sleep, 3600 -TimeoutSec 1 -ErrorAction Stop } | Should -Throw -ErrorId 'ExecTimeout,*'
        Assert-Trace $before
    }

    It 'gives what was written before it was killed' {
        $lines = $task | Invoke-CtrExec -Command sh, -c, 'seq 100; exec sleep 3600' -Stream -TimeoutSec 2 -ErrorAction SilentlyContinue -ErrorVariable failure
        $lines.Text | Should -Be (1..100)
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'ExecTimeout,*'
    }

    It 'ends with Select-Object -First 1 and leaves nothing' {
        $before = Get-Trace
        ($task | Invoke-CtrExec -Command yes -Stream | Select-Object -First 1).Text | Should -Be 'y'
        Assert-Trace $before
    }

    It 'ends with an error downstream and leaves nothing' {
        $before = Get-Trace
        { $task | Invoke-CtrExec -Command yes -Stream | ForEach-Object { throw 'enough' } } | Should -Throw 'enough'
        { $task | Invoke-CtrExec -Command yes -Stream | ForEach-Object { Get-CtrTask nobody -ErrorAction Stop } } | Should -Throw -ErrorId 'ContainerNotFound,*'
        Assert-Trace $before
    }
}
