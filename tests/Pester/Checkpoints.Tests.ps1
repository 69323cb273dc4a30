BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    Enter-TestNamespace

    # A task that counts in its memory, and writes how far it is.
    function New-Counting {
        # A checkpoint holds what is in a tmpfs, too: no file has changed when the task goes on from it.
        $task = New-CtrContainer -Id "c-$([guid]::NewGuid().ToString('N'))" -Image $image -Mount 'type=tmpfs,src=tmpfs,dst=/tmp' -Command sh, -c, 'read key < /proc/sys/kernel/random/uuid; i=0; while :; do i=$((i+1)); echo $i $key > /tmp/new; mv /tmp/new /tmp/count; usleep 5000; done' |
            Start-CtrTask -NoIO
        $null = Wait-Count $task.Id 100
        $keys.Add((Read-Count $task.Id)[1])
        $task
    }

    $keys = [System.Collections.Generic.List[string]]::new()

    # How far it is, and a key that another shell would not have; both are in the shell's memory alone.
    function Read-Count([string] $Id) { (Invoke-CtrExec $Id cat, /tmp/count -ErrorAction Stop).StandardOutput.Trim() -split ' ' }

    # Waits until a task has counted beyond a number; gives how far it is then.
    function Wait-Count([string] $Id, [int] $Beyond) {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        do {
            $count = [int](Read-Count $Id)[0]
            if ($watch.Elapsed -gt $guard) { throw "$Id has counted to $count only" }
        } while ($count -le $Beyond)
        $count
    }

    # A restored task counts on from where it was saved, and not from 1.
    function Assert-GoesOn([string] $Id) {
        $null = Invoke-CtrExec $Id rm, -f, /tmp/count
        Wait-Count $Id 0 | Should -BeGreaterOrEqual 100
        $keys | Should -Contain (Read-Count $Id)[1]
    }
}

AfterAll {
    Exit-TestNamespace
}

Describe 'A checkpoint in a directory' {
    It 'is taken of a task that runs on, and another time goes on from it' {
        $task = New-Counting
        $checkpoint = $task | Save-CtrCheckpoint -Path TestDrive:/running
        $checkpoint | Should -BeOfType Containerd.CtrCheckpoint
        $checkpoint.Kind | Should -Be 'Directory'
        $checkpoint.ContainerId | Should -Be $task.Id
        $checkpoint.Location | Should -Be (Get-Item TestDrive:/running).FullName
        $null = Wait-Count $task.Id (Wait-Count $task.Id 0)
        $task | Stop-CtrTask -Force
        ($task | Start-CtrTask -Checkpoint $checkpoint -NoIO).Status | Should -Be 'Running'
        Assert-GoesOn $task.Id
    }

    It 'ends the task with -Exit' {
        $task = New-Counting
        $null = Save-CtrCheckpoint $task.Id -Path TestDrive:/exit -Exit
        ($task | Get-CtrTask).Status | Should -Be 'Stopped'
        $null = Start-CtrTask $task.Id -Checkpoint TestDrive:/exit -NoIO
        Assert-GoesOn $task.Id
    }

    It 'is attached to' {
        $container = New-Container sh, -c, 'i=0; while :; do i=$((i+1)); echo $i; usleep 5000; done'
        $null = $container | Start-CtrTask | Get-CtrLog -Follow | Where-Object { [int]$_.Text -gt 100 } | Select-Object -First 1
        $null = $container | Save-CtrCheckpoint -Path TestDrive:/attached -Exit
        $line = $container | Start-CtrTask -Checkpoint TestDrive:/attached -Attach | Select-Object -First 1
        [int]$line.Text | Should -BeGreaterThan 100
    }

    It 'is found by its path, and removed by it or as an object' {
        $task = New-Counting
        $saved = $task | Save-CtrCheckpoint -Path TestDrive:/found
        $found = Get-CtrCheckpoint -Path TestDrive:/found
        $found.Kind | Should -Be 'Directory'
        $found.Location | Should -Be $saved.Location
        $found.Size | Should -Be $saved.Size
        $found.CreatedAt | Should -BeLessOrEqual $saved.CreatedAt
        ($saved.CreatedAt - $found.CreatedAt).TotalSeconds | Should -BeLessThan 30
        Remove-CtrCheckpoint -Path TestDrive:/found -WhatIf
        Test-Path TestDrive:/found | Should -BeTrue
        Remove-CtrCheckpoint -Path TestDrive:/found
        Test-Path TestDrive:/found | Should -BeFalse
        $task | Save-CtrCheckpoint -Path TestDrive:/found | ForEach-Object { Remove-CtrCheckpoint $_ }
        Test-Path TestDrive:/found | Should -BeFalse
    }

    It 'is neither found nor removed where there is none' {
        $null = New-Item -ItemType Directory TestDrive:/other
        'kept' > TestDrive:/other/file
        foreach ($command in 'Get-CtrCheckpoint', 'Remove-CtrCheckpoint') {
            { & $command -Path TestDrive:/nothing -ErrorAction Stop } | Should -Throw -ErrorId 'CheckpointNotFound,*'
            { & $command -Path TestDrive:/other -ErrorAction Stop } | Should -Throw -ErrorId 'CheckpointInvalid,*'
        }
        Test-Path TestDrive:/other/file | Should -BeTrue
    }

    It 'is written by CRIU itself with -ImagePath' {
        $task = New-Counting
        $path = "$((Get-Item TestDrive:/).FullName)/image-path"
        ($task | Save-CtrCheckpoint -ImagePath $path).Kind | Should -Be 'ImagePath'
        Test-Path "$path/inventory.img" | Should -BeTrue
        $task | Stop-CtrTask -Force
        (Restore-CtrCheckpoint -ImagePath $path -Id $task.Id -NoIO).Status | Should -Be 'Running'
        Assert-GoesOn $task.Id
    }

    It 'changes nothing with -WhatIf' {
        $task = New-Running
        $task | Save-CtrCheckpoint -Path TestDrive:/whatif -WhatIf | Should -BeNullOrEmpty
        Test-Path TestDrive:/whatif | Should -BeFalse
    }

    It 'goes to one place' {
        { Save-CtrCheckpoint nobody } | Should -Throw -ErrorId 'CheckpointTargetInvalid,*'
        { Save-CtrCheckpoint nobody -Path TestDrive:/a -ImagePath /a } | Should -Throw -ErrorId 'CheckpointTargetInvalid,*'
    }

    It 'is refused for what is not there' {
        $container = New-Container true
        { Save-CtrCheckpoint nobody -Path TestDrive:/a -ErrorAction Stop } | Should -Throw -ErrorId 'ContainerNotFound,*'
        { $container | Save-CtrCheckpoint -Path TestDrive:/a -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,*'
        { $container | Start-CtrTask -Checkpoint TestDrive:/a -ErrorAction Stop } | Should -Throw -ErrorId 'CheckpointNotFound,*'
        $null = New-Item -ItemType Directory TestDrive:/empty
        { $container | Start-CtrTask -Checkpoint TestDrive:/empty -ErrorAction Stop } | Should -Throw -ErrorId 'CheckpointInvalid,*'
        Save-CtrCheckpoint 'nobody*' -Path TestDrive:/a | Should -BeNullOrEmpty
    }

    It 'tells which directory cannot be made' {
        $task = New-Running
        'a file' > TestDrive:/file
        $path = "$(Get-Item TestDrive:/file)/saved"
        { $task | Save-CtrCheckpoint -Path $path -ErrorAction Stop } | Should -Throw "The directory '$path' cannot be made: *" -ErrorId 'FileFailed,*'
    }

    It 'tells what CRIU says when it fails' {
        $task = New-Container nc, -l, -p, '5555' | Start-CtrTask -NoIO
        { $task | Save-CtrCheckpoint -Path TestDrive:/failed -ErrorAction Stop } | Should -Throw -ErrorId 'CheckpointFailed,*' -ExpectedMessage '*Likely cause: *Dumping FAILED*'
        Test-Path TestDrive:/failed | Should -BeFalse
    }
}

Describe 'A checkpoint that is an image' {
    It 'is saved, found, restored in a new container and removed' {
        $task = New-Counting
        $null = Invoke-CtrExec $task.Id sh, -c, 'echo kept > /file'
        $checkpoint = $task | Save-CtrCheckpoint -Image saved:1 -IncludeRwLayer -IncludeImage
        $checkpoint | Should -BeOfType Containerd.CtrCheckpoint
        $checkpoint.Location | Should -Be 'docker.io/library/saved:1'
        $checkpoint.Image | Should -Be $image
        Get-CtrCheckpoint saved:1 | Should -Be $checkpoint
        (Get-CtrImage saved:1).Size | Should -Be $checkpoint.Size
        Get-CtrCheckpoint 'sav*' | Should -Be $checkpoint
        Get-CtrCheckpoint | Should -Be $checkpoint
        $restored = Restore-CtrCheckpoint saved:1 restored-1 -NoIO
        $restored | Should -BeOfType Containerd.CtrTask
        $restored.Id | Should -Be 'restored-1'
        Assert-GoesOn restored-1
        (Invoke-CtrExec restored-1 cat, /file).StandardOutput | Should -Be "kept`n"
        $task | Remove-CtrContainer -Force
        ($checkpoint | Restore-CtrCheckpoint).Id | Should -Be $task.Id
        Assert-GoesOn $task.Id
        $checkpoint | Remove-CtrCheckpoint
        Get-CtrCheckpoint | Should -BeNullOrEmpty
        Get-CtrContainer restored-1, $task.Id | Remove-CtrContainer -Force
    }

    It 'is restored from a directory, too' {
        $task = New-Counting
        $checkpoint = $task | Save-CtrCheckpoint -Path TestDrive:/restore -Exit
        ($checkpoint | Restore-CtrCheckpoint -NoIO).Id | Should -Be $task.Id
        Assert-GoesOn $task.Id
        $task | Stop-CtrTask -Force
        (Restore-CtrCheckpoint -Path TestDrive:/restore -Id $task.Id -NoIO).Status | Should -Be 'Running'
        $checkpoint | Remove-CtrCheckpoint
        Test-Path TestDrive:/restore | Should -BeFalse
        $task | Remove-CtrContainer -Force
    }

    It 'changes nothing with -WhatIf' {
        $task = New-Counting
        $checkpoint = $task | Save-CtrCheckpoint -Image whatif:1
        $checkpoint | Restore-CtrCheckpoint -Id whatif -WhatIf | Should -BeNullOrEmpty
        $checkpoint | Remove-CtrCheckpoint -WhatIf
        Get-CtrContainer 'whatif*' | Should -BeNullOrEmpty
        Get-CtrCheckpoint whatif:1 | Remove-CtrCheckpoint
        $task | Remove-CtrContainer -Force
    }

    It 'is none that a container is made from' {
        $task = New-Counting
        $null = $task | Save-CtrCheckpoint -Image memory:1
        { New-CtrContainer from-checkpoint -Image memory:1 -ErrorAction Stop } | Should -Throw '*is a checkpoint*' -ErrorId 'ImagePlatformNotFound,*'
        Remove-CtrCheckpoint memory:1
        $task | Remove-CtrContainer -Force
    }

    It 'is an error where it is not there, or is no checkpoint' {
        foreach ($name in 'nothing', $image) {
            { Get-CtrCheckpoint $name -ErrorAction Stop } | Should -Throw -ErrorId 'CheckpointNotFound,*'
            { Remove-CtrCheckpoint $name -ErrorAction Stop } | Should -Throw -ErrorId 'CheckpointNotFound,*'
            { Restore-CtrCheckpoint $name other -ErrorAction Stop } | Should -Throw -ErrorId 'CheckpointNotFound,*'
        }
        { Restore-CtrCheckpoint $image other -ErrorAction Stop } | Should -Throw "The image '$image'*is no checkpoint*"
        Get-CtrCheckpoint 'nothing*' | Should -BeNullOrEmpty
        { Restore-CtrCheckpoint -Path TestDrive:/ -ErrorAction Stop } | Should -Throw -ErrorId 'ContainerIdMissing,*'
        { Save-CtrCheckpoint nobody -Path TestDrive:/a -IncludeImage } | Should -Throw -ErrorId 'CheckpointTargetInvalid,*'
    }

    It 'is completed by name' {
        $task = New-Counting
        $checkpoint = $task | Save-CtrCheckpoint -Image completed:1
        foreach ($line in 'Restore-CtrCheckpoint -Image comp', 'Restore-CtrCheckpoint ', 'Remove-CtrCheckpoint ', 'Get-CtrCheckpoint ') {
            # Completion gives the daemon a second, which a busy machine may need for itself.
            foreach ($time in 1..10) { if (($offered = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText) -contains 'completed:1') { break } }
            $offered | Should -Contain 'completed:1' -Because $line
        }
        $checkpoint | Remove-CtrCheckpoint
        $task | Remove-CtrContainer -Force
    }
}
