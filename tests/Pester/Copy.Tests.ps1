BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    Enter-TestNamespace
    $task = New-Running
    $id = $task.Id
    function Read-Inside([string] $Script) { ($task | Invoke-CtrExec -Command sh, -c, $Script).StandardOutput }
}

AfterAll {
    Exit-TestNamespace
}

Describe 'Copy-CtrItem' {
    BeforeEach {
        Set-Location (New-Item -ItemType Directory "TestDrive:/$([guid]::NewGuid().ToString('N'))")
    }

    AfterEach {
        Set-Location $PSScriptRoot
    }

    It 'copies in and out, and says nothing' {
        Set-Content here 'content' -NoNewline
        Copy-CtrItem here "${id}:/tmp" | Should -BeNullOrEmpty
        Read-Inside 'cat /tmp/here' | Should -Be 'content'
        Copy-CtrItem "${id}:/tmp/here" . | Should -BeNullOrEmpty
        Copy-CtrItem -Path "${id}:/tmp/here" -Destination there
        Get-Content there | Should -Be 'content'
    }

    It 'tells what was copied with -PassThru, and the object goes on through the pipeline' {
        Set-Content here 'content' -NoNewline
        $copy = Copy-CtrItem here "${id}:/passed" -PassThru
        $copy | Should -BeOfType Containerd.CtrCopy
        $copy.Files, $copy.Size, $copy.Skipped | Should -Be 1, 7, 0
        $copy.Source | Should -Be (Convert-Path here)
        ($copy | Get-CtrTask).Id | Should -Be $id
    }

    It 'takes several, wildcards and files from the pipeline' {
        'one', 'two', 'three' | ForEach-Object { Set-Content $_ $_ }
        Set-Content -LiteralPath '[x]' 'brackets'
        Read-Inside 'mkdir -p /several /wild /piped /literal'
        Copy-CtrItem one, two "${id}:/several"
        Copy-CtrItem t* "${id}:/wild"
        Get-ChildItem | Copy-CtrItem -Destination "${id}:/piped"
        Copy-CtrItem -LiteralPath '[x]' "${id}:/literal"
        Read-Inside 'cd /; echo several/* wild/* piped/* literal/*' |
            Should -Be "several/one several/two wild/three wild/two piped/[x] piped/one piped/three piped/two literal/[x]`n"
    }

    It 'copies a directory, or with /. what is in it' {
        $null = New-Item -ItemType Directory a, a/empty
        Set-Content a/file 1
        Copy-CtrItem a "${id}:/whole"
        Read-Inside 'mkdir -p /into; find /whole | sort' | Should -Be "/whole`n/whole/empty`n/whole/file`n"
        Copy-CtrItem a/. "${id}:/into"
        Read-Inside 'find /into | sort' | Should -Be "/into`n/into/empty`n/into/file`n"
        Copy-CtrItem "${id}:/whole/." back
        (Get-ChildItem back).Name | Should -Be 'empty', 'file'
    }

    It 'completes containers and files' {
        Set-Content here 1
        (TabExpansion2 "Copy-CtrItem $id").CompletionMatches.CompletionText | Should -Be "${id}:/"
        (TabExpansion2 "Copy-CtrItem ${id}:/etc/passwd he").CompletionMatches.CompletionText | Should -Be ./here
    }

    It 'warns of what it leaves out' {
        Read-Inside 'mkdir /odd; mkfifo /odd/fifo'
        Copy-CtrItem "${id}:/odd" . -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -HaveCount 1
        Test-Path odd/fifo | Should -BeFalse
    }

    It 'does nothing with -WhatIf' {
        Set-Content here 1
        Copy-CtrItem here "${id}:/whatif" -WhatIf
        Copy-CtrItem "${id}:/etc/passwd" there -WhatIf
        Read-Inside 'ls /whatif 2> /dev/null' | Should -BeNullOrEmpty
        Test-Path there | Should -BeFalse
    }

    It 'refuses two hosts and two containers' {
        Set-Content here 1
        { Copy-CtrItem here there -ErrorAction Stop } | Should -Throw -ErrorId 'CopySidesInvalid,*'
        { Copy-CtrItem "${id}:/a" "${id}:/b" -ErrorAction Stop } | Should -Throw -ErrorId 'CopySidesInvalid,*'
    }

    It 'tells what is not there, and goes on with the next' {
        Set-Content here 1
        Copy-CtrItem nothing, here "${id}:/tmp/next" -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed.FullyQualifiedErrorId | Should -BeLike 'PathNotFound,*'
        Read-Inside 'cat /tmp/next' | Should -Be "1`n"
        { Copy-CtrItem "${id}:/nothing" . -ErrorAction Stop } | Should -Throw "*${id}:/nothing*" -ErrorId 'PathNotFound,*'
        { Copy-CtrItem here "${id}:/no/such" -ErrorAction Stop } | Should -Throw "*${id}:/no/such*" -ErrorId 'PathNotFound,*'
        { Copy-CtrItem nobody:/etc . -ErrorAction Stop } | Should -Throw -ErrorId 'ContainerNotFound,*'
        { Copy-CtrItem here "${id}:/etc/passwd/x" -ErrorAction Stop } | Should -Throw -ErrorId 'DestinationNotDirectory,*'
    }

    It 'refuses a container that does not run, and takes from one whose task is only made, as it advises' {
        $stopped = New-Running
        $null = $stopped | Stop-CtrTask -Force
        { Copy-CtrItem "$($stopped.Id):/etc" . -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotRunning,*'
        $null = Remove-CtrTask $stopped.Id
        $refused = { Copy-CtrItem "$($stopped.Id):/etc" . -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,*' -PassThru
        $refused.ErrorDetails.RecommendedAction | Should -BeLike 'New-CtrTask*'
        $null = New-CtrTask $stopped.Id
        Copy-CtrItem "$($stopped.Id):/etc/passwd" taken
        'taken' | Should -FileContentMatch root
    }
}
