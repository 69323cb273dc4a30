BeforeAll {
    Import-Module (Resolve-Path "$PSScriptRoot/../../out/Containerd").Path
    $before = $PSDefaultParameterValues
    $PSDefaultParameterValues = @{ '*-Ctr*:Namespace' = "pester-$([guid]::NewGuid().ToString('N'))" }
    Import-CtrImage "$env:CONTAINERD_TEST_IMAGES/busybox.tar" | Out-Null
}

AfterAll {
    Get-CtrContainer | Remove-CtrContainer -Force
    Get-CtrImage | Remove-CtrImage
    $PSDefaultParameterValues = $before
    Remove-Module Containerd
}

Describe 'New-CtrContainer' {
    It 'makes a container, which goes down the pipeline to its end' {
        $result = New-CtrContainer piped busybox sleep, 600 | Start-CtrTask | Invoke-CtrExec -Command echo, hi
        $result.StandardOutput | Should -Be "hi`n"
        Get-CtrTask piped | Stop-CtrTask -Force -PassThru | Remove-CtrContainer
        Get-CtrContainer piped* | Should -BeNullOrEmpty
    }

    It 'makes one for each id that is piped in' {
        'each-1', 'each-2' | New-CtrContainer -Image busybox -Command true | ForEach-Object Id | Should -Be 'each-1', 'each-2'
    }

    It 'completes the names of images, as <_> does' -ForEach 'New-CtrContainer x', 'New-CtrSpec', 'Get-CtrContainer' {
        $typed = "$_ -Namespace $($PSDefaultParameterValues['*-Ctr*:Namespace']) -Image bus"
        (TabExpansion2 $typed $typed.Length).CompletionMatches.CompletionText | Should -Contain 'busybox'
    }

    It 'is offered, with nothing typed yet, to every cmdlet that takes containers or images' {
        $null = New-CtrContainer offered -Image busybox -Command true
        foreach ($cmdlet in Get-Command -Module Containerd) {
            $takes = $cmdlet.Parameters['InputObject'].ParameterType.Name
            $expected = $takes -eq 'IContainerReference[]' ? 'offered' : $takes -eq 'CtrImage[]' ? 'busybox' : $null
            if (-not $expected) { continue }
            $typed = "$cmdlet -Namespace $($PSDefaultParameterValues['*-Ctr*:Namespace']) "
            # Completion gives the daemon a second, which a busy machine may need for itself.
            foreach ($time in 1..10) { if (($offered = (TabExpansion2 $typed $typed.Length).CompletionMatches.CompletionText) -contains $expected) { break } }
            $offered | Should -Contain $expected -Because $cmdlet
        }
    }

    It 'takes what people type for its parameters' {
        New-CtrContainer typed -Image busybox -Command true -Environment @{ A = 1 } -Memory 64MB -Rlimit nofile=10:20 -Device /dev/null -Mount @{ src = '/tmp'; dst = '/host'; options = 'rbind', 'ro' }, '/tmp:/short' | Out-Null
        $spec = Get-CtrSpec typed
        $spec.Process.Env | Should -Contain 'A=1'
        $spec.Linux.Resources.Memory.Limit | Should -Be 64MB
        $spec.Process.Rlimits.Soft | Should -Be 10
        $spec.Mounts[-2].Options | Should -Be 'rbind', 'ro'
        $spec.Mounts[-1].Destination | Should -Be '/short'
        (New-CtrContainer text -Image busybox -Command true -Memory '32m' -Environment 'B=2', 'C' | Get-CtrSpec).Linux.Resources.Memory.Limit | Should -Be 32MB
    }

    It 'refuses <what> with an error that ends only this command' -ForEach @(
        @{ what = 'a mount'; parameters = @{ Mount = 'nowhere' } }
        @{ what = 'a size'; parameters = @{ Memory = '12x' } }
        @{ what = 'a user'; parameters = @{ User = 'nosuch' } }
        @{ what = 'an image'; parameters = @{ Image = 'nosuch' } }
        @{ what = 'a runtime option'; parameters = @{ RuntimeOption = @{ NoSuch = 1 } } }
    ) {
        $options = @{ Id = 'refused'; Image = 'busybox'; Command = 'true' }
        foreach ($key in $parameters.Keys) { $options[$key] = $parameters[$key] }
        { New-CtrContainer @options -ErrorAction Stop } | Should -Throw
        Get-CtrContainer refused* | Should -BeNullOrEmpty
    }

    It 'refuses <what> before a daemon is asked, and says what is allowed' -ForEach @(
        @{ what = 'an id'; parameters = @{ Id = '../up' }; allowed = 'letters, digits' }
        @{ what = 'a namespace'; parameters = @{ Namespace = 'a/b' }; allowed = 'letters, digits' }
        @{ what = 'a label'; parameters = @{ Label = @{ '' = 'x' } }; allowed = 'key=value' }
        @{ what = 'a signal'; parameters = @{ StopSignal = 'NOSUCH' }; allowed = 'SIGTERM' }
        @{ what = 'a negative size'; parameters = @{ Memory = -1 }; allowed = '512m' }
        @{ what = 'no memory'; parameters = @{ Memory = 0 }; allowed = 'more than 0 bytes' }
        @{ what = 'no processors'; parameters = @{ Cpus = 0 }; allowed = 'from 0.01' }
        @{ what = 'no processes'; parameters = @{ PidsLimit = 0 }; allowed = 'minimum allowed range of 1' }
        @{ what = 'a mount'; parameters = @{ Mount = 'a:/b' }; allowed = 'type=bind,src=' }
        @{ what = 'a mount table'; parameters = @{ Mount = @{ type = 'tmpfs'; dst = 'b' } }; allowed = 'an absolute path' }
        @{ what = 'a resource limit'; parameters = @{ Rlimit = 'nofile=2:1' }; allowed = 'the same or less' }
        @{ what = 'a device'; parameters = @{ Device = '/dev/null:x' }; allowed = 'letters of rwm' }
        @{ what = 'a variable'; parameters = @{ Environment = '=x' }; allowed = 'KEY=VALUE' }
        @{ what = 'a relative directory'; parameters = @{ WorkingDirectory = 'home' }; allowed = 'an absolute path' }
    ) {
        $options = @{ Id = 'refused'; Image = 'busybox'; Command = 'true'; Address = '/nowhere/containerd.sock' }
        foreach ($key in $parameters.Keys) { $options[$key] = $parameters[$key] }
        { New-CtrContainer @options -ErrorAction Stop } | Should -Throw "*$allowed*"
    }

    It 'says that an id is taken' {
        New-CtrContainer taken busybox true | Out-Null
        New-CtrContainer taken busybox true -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'ContainerAlreadyExists,*'
        $failure[0].CategoryInfo.Category | Should -Be ResourceExists
        $failure[0].TargetObject | Should -Be taken
    }

    It 'takes null and empty lists for none, as in a table that is splatted' {
        $none = @{}
        foreach ($name in 'Mount', 'Rlimit', 'Device', 'Environment', 'CapabilityAdd', 'CapabilityDrop', 'Label', 'Annotation') { $none[$name] = $null }
        $bare = (New-CtrContainer bare busybox true | Get-CtrSpec).ToJson().Replace('bare', 'none')
        (New-CtrContainer none busybox true @none | Get-CtrSpec).ToJson() | Should -Be $bare
        Remove-CtrContainer none
        foreach ($name in @($none.Keys)) { $none[$name] = @() }
        (New-CtrContainer none busybox true @none | Get-CtrSpec).ToJson() | Should -Be $bare
    }

    It 'shows an id of 64 digits and what is beside it' {
        $id = '4f' * 32
        $values = @{ ContainerId = $id; ExecId = 'abcdefgh'; Kind = 'Exec'; Pid = 12345; Status = 'Running'; Address = 'a'; Namespace = 'n' }
        [Containerd.CtrProcess] $values | Format-Table | Out-String -Width 80 | Should -Match "4… +Exec +abcdefgh +12345 +Running"
        $values = @{ Id = $id; Image = 'busybox'; CreatedAt = [datetimeoffset]::Now; Address = 'a'; Namespace = 'k8s.io' }
        [Containerd.CtrContainer] $values | Format-Table | Out-String -Width 80 | Should -Match '4… +busybox +k8s.io +\d{4}-'
    }

    It 'makes nothing with -WhatIf' {
        New-CtrContainer imagined busybox true -WhatIf | Should -BeNullOrEmpty
        Get-CtrContainer imagined* | Should -BeNullOrEmpty
    }

    It 'takes an edited spec, and no parameter that would change it' {
        $spec = New-CtrSpec -Image busybox -Command true
        $spec.Hostname = 'edited'
        New-CtrContainer edited busybox -Spec $spec | Get-CtrSpec | ForEach-Object Hostname | Should -Be edited
        { New-CtrContainer again busybox -Spec $spec -Memory 64MB -ErrorAction Stop } | Should -Throw '*-Memory*'
    }
}

Describe 'Get-CtrContainer' {
    BeforeAll {
        New-CtrContainer found-1 busybox true -Label @{ app = 'web' } | Out-Null
        New-CtrContainer found-2 busybox true -Label app=db | Out-Null
    }

    It 'finds by wildcard, label, image and filter' {
        (Get-CtrContainer found-*).Id | Should -Be 'found-1', 'found-2'
        (Get-CtrContainer found-* -Label app=web).Id | Should -Be found-1
        (Get-CtrContainer found-* -Label @{ app = 'db' }).Id | Should -Be found-2
        (Get-CtrContainer found-* -Label app).Count | Should -Be 2
        (Get-CtrContainer found-1 -Image busybox).Id | Should -Be found-1
        (Get-CtrContainer found-1 -Image busy*).Id | Should -Be found-1
        Get-CtrContainer found-1 -Image other | Should -BeNullOrEmpty
        (Get-CtrContainer -Filter 'id~=^found-2').Id | Should -Be found-2
    }

    It 'is silent for a wildcard that fits nothing, and not for an id' {
        Get-CtrContainer nosuch* -ErrorAction Stop | Should -BeNullOrEmpty
        { Get-CtrContainer nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'ContainerNotFound,*'
        (Get-CtrContainer nosuch, found-1 -ErrorAction SilentlyContinue).Id | Should -Be found-1
    }
}

Describe 'Get-CtrSpec' {
    It 'shows what is in it' {
        $shown = New-CtrContainer shown busybox sh, -c, true -Environment A=b -Memory 64MB | Get-CtrSpec
        $shown | Out-String | Should -Match '(?m)^Command +: sh -c true$'
        $shown | Out-String | Should -Match '(?m)^ +A=b$'
        $shown | Out-String | Should -Match '(?m)^Memory +: 64.0 MiB$'
        $shown.Mounts | Out-String | Should -Match '(?m)^/proc +proc +proc +{nosuid'
        [Containerd.CtrSpec]::new() | Out-String | Should -Match '(?m)^Command +: $'
    }
}

Describe 'Set-CtrContainer' {
    It 'changes labels, and gives the container with -PassThru only' {
        New-CtrContainer changed busybox true -Label old=1 | Set-CtrContainer -Label new=2 -RemoveLabel old | Should -BeNullOrEmpty
        $labels = (Get-CtrContainer changed | Set-CtrContainer -PassThru).Labels
        $labels['new'] | Should -Be 2
        $labels.ContainsKey('old') | Should -BeFalse
    }

    It 'refuses a label that would not be kept' {
        { New-CtrContainer unlabelled busybox true -Label old -ErrorAction Stop } | Should -Throw '*no value*' -ErrorId 'InvalidContainerOption,*'
        { Set-CtrContainer changed -Label old -ErrorAction Stop } | Should -Throw '*no value*' -ErrorId 'InvalidLabel,*'
    }

    It 'keeps extensions' {
        $extension = (New-CtrContainer extended busybox true | Set-CtrContainer -Extension @{ 'io.test' = @{ TypeUrl = 'test'; Value = 'v' } } -PassThru).Extensions['io.test']
        $extension.TypeUrl | Should -Be test
        [Text.Encoding]::UTF8.GetString($extension.Value) | Should -Be v
    }
}

Describe 'Remove-CtrContainer' {
    It 'leaves a container whose task lives, unless forced' {
        New-CtrContainer alive busybox sleep, 600 | Start-CtrTask | Out-Null
        { Remove-CtrContainer alive -ErrorAction Stop } | Should -Throw -ErrorId 'ContainerStateInvalid,*'
        Remove-CtrContainer alive -Force
        Get-CtrContainer alive* | Should -BeNullOrEmpty
    }

    It 'keeps the directory where that is asked for' {
        $container = New-CtrContainer kept busybox true
        $directory = $container.Labels['com.docker/engine.bundle.path']
        $env:LIBCONTAINERD_NOCLEAN = 1
        try { $container | Remove-CtrContainer } finally { Remove-Item Env:LIBCONTAINERD_NOCLEAN }
        $directory | Should -Exist
        Remove-Item $directory
    }

    It 'goes on after one that fails' {
        New-CtrContainer last busybox true | Out-Null
        Remove-CtrContainer nosuch, last -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        Get-CtrContainer last* | Should -BeNullOrEmpty
    }
}
