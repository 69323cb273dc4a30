BeforeAll {
    $module = (Resolve-Path "$PSScriptRoot/../../out/Containerd").Path
    Import-Module $module
    $images = $env:CONTAINERD_TEST_IMAGES
    $namespace = "pester-$([guid]::NewGuid().ToString('N'))"
    $before = $PSDefaultParameterValues
    $PSDefaultParameterValues = @{ '*-Ctr*:Namespace' = $namespace }
    $full = 'docker.io/library/busybox:latest'
}

AfterAll {
    Get-CtrImage | Remove-CtrImage
    $PSDefaultParameterValues = $before
    Remove-Module Containerd
}

Describe 'Import-CtrImage' {
    It 'imports <_>' -ForEach 'busybox.tar', 'busybox.tar.gz', 'busybox-docker.tar' {
        $image = Import-CtrImage "$images/$_"
        $image | Should -BeOfType Containerd.CtrImage
        $image.Name | Should -Be $full
        $image.Namespace | Should -Be $namespace
        $image.Digest | Should -Match '^sha256:[0-9a-f]{64}$'
        (Get-CtrImage $full).Digest | Should -Be $image.Digest
    }

    It 'takes wildcards, and files from the pipeline, under a name of their own' {
        (Import-CtrImage "$images/busybox.t*" | Measure-Object).Count | Should -Be 2
        Import-CtrImage "$images/nosuch*" -ErrorAction Stop | Should -BeNullOrEmpty
        (Get-Item "$images/busybox.tar" | Import-CtrImage -Name piped:1).Name | Should -Be 'docker.io/library/piped:1'
    }

    It 'takes a path as it stands with -LiteralPath' {
        $copy = Join-Path TestDrive: 'a[1].tar'
        Copy-Item -LiteralPath "$images/busybox.tar" -Destination (Join-Path 'TestDrive:' 'plain.tar')
        Rename-Item -LiteralPath (Join-Path 'TestDrive:' 'plain.tar') -NewName 'a[1].tar'
        (Import-CtrImage -LiteralPath $copy).Name | Should -Be $full
    }

    It 'says what it would do with -WhatIf, and does not' {
        Import-CtrImage "$images/busybox.tar" -Name unmade:1 -WhatIf | Should -BeNullOrEmpty
        Get-CtrImage unmade* | Should -BeNullOrEmpty
    }

    It 'names the error of <Case>' -ForEach @(
        @{ Case = 'a file that is not there'; Command = { Import-CtrImage "$images/nosuch.tar" -ErrorAction Stop }; Id = 'ImageArchiveNotFound' }
        @{ Case = 'a file that is no archive'; Command = { Import-CtrImage /etc/hostname -ErrorAction Stop }; Id = 'ImageArchiveInvalid' }
        @{ Case = 'a platform that it has not'; Command = { Import-CtrImage "$images/busybox.tar" -Platform linux/riscv64 -ErrorAction Stop }; Id = 'ImagePlatformNotFound' }
        @{ Case = 'a name that is none'; Command = { Import-CtrImage "$images/busybox.tar" -Name 'A B' -ErrorAction Stop }; Id = 'InvalidImageName' }
        @{ Case = 'a path of another provider'; Command = { Import-CtrImage Env:PATH -ErrorAction Stop }; Id = 'ImageArchiveNotFound' }
    ) {
        $Command | Should -Throw -ErrorId "$Id,*"
    }

    It 'goes on with the next archive after an error' {
        $found = Import-CtrImage /etc/hostname, "$images/busybox.tar" -ErrorAction SilentlyContinue -ErrorVariable failed
        $found.Name | Should -Be $full
        $failed.Count | Should -Be 1
    }

    It 'ends every progress activity that it began' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript('param($module, $path, $namespace) Import-Module $module; Import-CtrImage $path -Namespace $namespace -Name progress:1').
                AddArgument($module).AddArgument("$images/busybox-docker.tar").AddArgument($namespace)
            $shell.Invoke().Name | Should -Be 'docker.io/library/progress:1'
            $records = $shell.Streams.Progress | Where-Object Activity -Like 'Importing *'
            $began = $records | Where-Object RecordType -EQ Processing | ForEach-Object ActivityId | Sort-Object -Unique
            $ended = $records | Where-Object RecordType -EQ Completed | ForEach-Object ActivityId | Sort-Object -Unique
            $began | Should -Be $ended
        }
        finally {
            $shell.Dispose()
        }
    }
}

Describe 'Get-CtrImage' {
    BeforeAll {
        $null = Import-CtrImage "$images/busybox.tar"
        $null = Import-CtrImage "$images/busybox.tar" -Name ghcr.io/org/app:2
    }

    It 'finds an image by <_>' -ForEach 'busybox', 'busybox:latest', 'docker.io/library/busybox:latest', 'busy*', '*/busybox:*' {
        (Get-CtrImage $_).Name | Should -Be $full
    }

    It 'finds each once, however many names fit' {
        (Get-CtrImage busybox, busybox:latest, 'busy*', '*busybox*').Name | Should -Be $full
    }

    It 'gives an error for a name that nobody has, and nothing for a wildcard' {
        { Get-CtrImage nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'ImageNotFound,*'
        Get-CtrImage nosuch* -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'filters' {
        (Get-CtrImage -Filter 'name~=ghcr').Name | Should -Be 'ghcr.io/org/app:2'
        Get-CtrImage busybox -Filter 'name~=ghcr' | Should -BeNullOrEmpty
        Get-CtrImage -Label @{ none = 'such' } | Should -BeNullOrEmpty
    }

    It 'shows the name, the digest, the size and the time' {
        $table = Get-CtrImage ghcr* | Out-String -Width 200
        $table | Should -Match 'Name\s+.*Digest\s+.*Size.*\s+.*CreatedAt'
        $table | Should -Match 'ghcr\.io/org/app:2\s+[0-9a-f]{12}\s+\d+[.,]\d [KM]iB\s+\d{4}-\d\d-\d\d'
    }

    It 'completes names, short ones too' {
        $line = "Get-CtrImage -Namespace $namespace -Name busy"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'busybox', 'busybox:latest'
    }
}

Describe 'Remove-CtrImage' {
    BeforeEach {
        $image = Import-CtrImage "$images/busybox.tar" -Name gone:1
    }

    It 'removes by name, by wildcard and by object' {
        Remove-CtrImage gone:1
        Get-CtrImage gone* | Should -BeNullOrEmpty
        $null = Import-CtrImage "$images/busybox.tar" -Name gone:2
        Remove-CtrImage gone*
        Get-CtrImage gone* | Should -BeNullOrEmpty
        Import-CtrImage "$images/busybox.tar" -Name gone:3 | Remove-CtrImage -Namespace default
        Get-CtrImage gone* | Should -BeNullOrEmpty
    }

    It 'says what it would do with -WhatIf, and does not' {
        $image | Remove-CtrImage -WhatIf
        Get-CtrImage gone:1 | Should -Not -BeNullOrEmpty
    }

    It 'gives an error for a name that nobody has, and nothing for a wildcard' {
        { Remove-CtrImage nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'ImageNotFound,*'
        Remove-CtrImage nosuch* -ErrorAction Stop
    }
}
