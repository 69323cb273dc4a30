BeforeAll {
    $module = (Resolve-Path "$PSScriptRoot/../../out/Containerd").Path
    Import-Module $module
    . "$PSScriptRoot/FaultSocket.ps1"
    $canonical = "unix://$env:CONTAINERD_ADDRESS"

    # Runs a command that must fail and gives its error.
    function Get-Failure([scriptblock] $Command) {
        try { $null = & $Command } catch { return $_ }
        throw "There was no error: $Command"
    }
}

AfterAll {
    Remove-Module Containerd
}

Describe 'A session' {
    AfterEach {
        Get-CtrSession | Disconnect-Ctr
    }

    It 'is open, named for its address, and the default' {
        $session = Connect-Ctr
        $session | Should -BeOfType Containerd.CtrSession
        $session.Name | Should -Be $canonical
        $session.Address | Should -Be $canonical
        $session.Namespace | Should -Be 'default'
        $session.DaemonVersion | Should -Match '^v?\d+\.\d+\.\d+'
        $session.IsOpen | Should -BeTrue
        (Get-CtrSession).Name | Should -Be $canonical
    }

    It 'is named to other cmdlets' {
        $null = Connect-Ctr -Name one -Namespace n1
        $null = Connect-Ctr -Name two -Namespace n2
        (Get-CtrVersion -Session one).Address | Should -Be $canonical
        @(Get-CtrVersion -Session one, t*) | Should -HaveCount 2
        @(Get-CtrVersion -Session (Get-CtrSession)) | Should -HaveCount 2
        { Get-CtrVersion -Session three } | Should -Throw "*'three'*Get-CtrSession*"
        [System.Management.Automation.CommandCompletion]::CompleteInput('Get-CtrTask -Session ', 21, $null).CompletionMatches.CompletionText | Should -Be one, two
        [System.Management.Automation.CommandCompletion]::CompleteInput('Disconnect-Ctr ', 15, $null).CompletionMatches.CompletionText | Should -Be one, two
        Disconnect-Ctr one
        (Get-CtrSession).Name | Should -Be two
    }

    It 'is found by name and by wildcard, and a name that nobody has is an error' {
        $null = Connect-Ctr -Name one -Namespace n1
        $null = Connect-Ctr -Name two
        (Get-CtrSession).Name | Should -Be 'one', 'two'
        (Get-CtrSession T*).Name | Should -Be 'two'
        Get-CtrSession x* -ErrorAction Stop | Should -BeNullOrEmpty
        $failure = Get-Failure { Get-CtrSession x -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -BeLike 'SessionNotFound,*'
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'serves cmdlets that name nothing, whatever the environment says' {
        $null = Connect-Ctr
        $before = $env:CONTAINERD_ADDRESS
        try {
            $env:CONTAINERD_ADDRESS = '/nowhere.sock'
            (Get-CtrVersion).Address | Should -Be $canonical
        }
        finally {
            $env:CONTAINERD_ADDRESS = $before
        }
    }

    It 'gives way to the one before it when it is closed' {
        $null = Connect-Ctr -Name one
        $null = Connect-Ctr -Name two
        Disconnect-Ctr
        (Get-CtrSession).Name | Should -Be 'one'
        Disconnect-Ctr
        Disconnect-Ctr
        Get-CtrSession | Should -BeNullOrEmpty
    }

    It 'is closed once, by name, by object or through the pipeline' {
        $sessions = foreach ($name in 'a', 'b', 'c') { Connect-Ctr -Name $name }
        Disconnect-Ctr -Name a
        Disconnect-Ctr $sessions[1]
        $sessions | Disconnect-Ctr
        $sessions.IsOpen | Should -Be $false, $false, $false
    }

    It 'stays open with -WhatIf' {
        $session = Connect-Ctr
        Disconnect-Ctr -WhatIf
        $session.IsOpen | Should -BeTrue
    }

    It 'cannot be used when it is closed' {
        $session = Connect-Ctr
        Disconnect-Ctr
        $failure = Get-Failure { Get-CtrVersion -Session $session }
        $failure.FullyQualifiedErrorId | Should -BeLike 'SessionClosed,*'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
    }

    It 'excludes an address' {
        $session = Connect-Ctr
        (Get-Failure { Get-CtrVersion -Session $session -Address /x }).FullyQualifiedErrorId | Should -BeLike 'SessionAndAddress,*'
    }

    It 'serves parallel runspaces, which have no default of their own' {
        $session = Connect-Ctr -Name shared
        $path = $module
        $results = 1..8 | ForEach-Object -Parallel {
            Import-Module $using:path
            [pscustomobject]@{ Version = (Get-CtrVersion -Session $using:session).Version; Sessions = @(Get-CtrSession).Count }
        } -ThrottleLimit 4
        $results.Version | Select-Object -Unique | Should -Be $session.DaemonVersion
        $results.Sessions | Select-Object -Unique | Should -Be 0
        [Containerd.CtrSession] | Should -Not -BeNullOrEmpty
    }

    It 'ends calls in flight with a clear error when another runspace closes it' {
        $socket = New-FaultSocket -Relay $env:CONTAINERD_ADDRESS
        $session = Connect-Ctr $socket.Path
        $socket.Freeze()
        $other = [powershell]::Create()
        try {
            $null = $other.AddScript('param($module, $session) Import-Module $module; Get-CtrPlugin -Session $session -TimeoutSec 0 -ErrorAction Stop').
                AddArgument($module).AddArgument($session)
            $call = $other.BeginInvoke()
            $socket.WaitFor('Introspection/Plugins', 30)
            Disconnect-Ctr
            $call.AsyncWaitHandle.WaitOne(30000) | Should -BeTrue
            $failure = Get-Failure { $other.EndInvoke($call) }
            $failure.Exception.InnerException.ErrorRecord.FullyQualifiedErrorId | Should -BeLike 'ConnectionClosed,*'
        }
        finally {
            $other.Dispose()
            $socket.Dispose()
        }
    }

    It 'ends with the module of its runspace, and a second import works' {
        $session = Connect-Ctr
        Import-Module $module -Force
        $session.IsOpen | Should -BeFalse
        (Get-CtrVersion).Version | Should -Be $session.DaemonVersion
    }
}

Describe 'Without a session' {
    It 'the environment names the daemon' {
        Get-CtrSession | Should -BeNullOrEmpty
        (Get-CtrVersion).Address | Should -Be $canonical
    }

    It 'an address of the wrong form is refused: <_>' -ForEach 'relative/path', 'tcp://host', 'http://host:1', 'npipe://x' {
        $address = $_
        foreach ($command in { Connect-Ctr $address }, { Get-CtrVersion -Address $address }) {
            $failure = Get-Failure $command
            $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
            $failure.Exception.Message | Should -BeLike '*Allowed are*'
        }
    }

    It 'a namespace of the wrong form is refused' {
        (Get-Failure { Get-CtrVersion -Namespace 'a/b' }).FullyQualifiedErrorId | Should -BeLike 'InvalidNamespace,*'
    }
}

Describe 'Get-CtrVersion' {
    It 'tells of daemon, module and services' {
        $version = Get-CtrVersion
        $version.ModuleVersion | Should -Be (Get-Module Containerd).Version.ToString()
        $version.Services | Should -Contain 'tasks'
        ($version | Out-String) | Should -Match ([regex]::Escape($version.Version))
    }
}

Describe 'Get-CtrPlugin' {
    It 'finds by type and id' {
        (Get-CtrPlugin *snapshotter* overlayfs).Id | Should -Be 'overlayfs'
        (Get-CtrPlugin -Id tasks).Type | Should -Be 'io.containerd.grpc.v1'
    }

    It 'says which literal it did not find, after what it found' {
        $found = Get-CtrPlugin -Id overlayfs, nothing -ErrorVariable failure -ErrorAction SilentlyContinue
        $found.Id | Should -Be 'overlayfs'
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'PluginNotFound,*'
        $failure[0].TargetObject | Should -Be 'nothing'
    }

    It 'gives no more than is wanted' {
        @(Get-CtrPlugin | Select-Object -First 1).Count | Should -Be 1
    }
}

Describe 'A bad socket' {
    It 'that is absent is told, and is no connection' {
        $path = "$TestDrive/absent.sock"
        $failure = Get-Failure { Connect-Ctr $path }
        $failure.FullyQualifiedErrorId | Should -BeLike 'DaemonUnavailable,*'
        $failure.CategoryInfo.Category | Should -Be 'ConnectionError'
        $failure.TargetObject | Should -Be "unix://$path"
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        Test-CtrConnection -Address $path -ErrorAction Stop | Should -BeFalse
        Get-CtrSession | Should -BeNullOrEmpty
    }

    It 'that may not be opened is told' {
        if (-not ($IsLinux -and (Get-Command setpriv -ErrorAction Ignore) -and (id -u) -eq 0)) {
            Set-ItResult -Skipped -Because 'it takes root and setpriv to give up the right to open every file'
        }
        $socket = New-FaultSocket
        try {
            chown 65534 $socket.Path
            chmod 600 $socket.Path
            $command = "Import-Module '$module'; try { Connect-Ctr '$($socket.Path)' } catch { `$_.FullyQualifiedErrorId; `$_.CategoryInfo.Category }; Test-CtrConnection -Address '$($socket.Path)'"
            $said = setpriv --bounding-set '-dac_override,-dac_read_search' ($env:PWSH ?? 'pwsh') -NoProfile -NonInteractive -Command $command 2>&1
            "$said" | Should -BeLike 'SocketAccessDenied,* PermissionDenied False'
        }
        finally {
            $socket.Dispose()
        }
    }

    It 'that is not containerd is told: <Name>' -ForEach @(
        @{ Name = 'HTTP/1.1'; Answer = "HTTP/1.1 400 Bad Request`r`nContent-Length: 0`r`n`r`n" }
        @{ Name = 'garbage'; Answer = 'SSH-2.0-OpenSSH and then some more bytes that mean nothing at all' }
    ) {
        $socket = New-FaultSocket -Answer $Answer
        try {
            $failure = Get-Failure { Connect-Ctr $socket.Path -TimeoutSec 60 }
            $failure.FullyQualifiedErrorId | Should -BeLike 'NotContainerd,*'
            $failure.Exception.Message | Should -BeLike "*$($socket.Path)*is not containerd*"
            Test-CtrConnection -Address $socket.Path -TimeoutSec 60 | Should -BeFalse
        }
        finally {
            $socket.Dispose()
        }
    }

    It 'that closes each connection is told' {
        $socket = New-FaultSocket -Answer ''
        try {
            (Get-Failure { Connect-Ctr $socket.Path -TimeoutSec 60 }).FullyQualifiedErrorId | Should -Match '^(NotContainerd|DaemonUnavailable),'
        }
        finally {
            $socket.Dispose()
        }
    }

    It 'that never answers is given up in time' {
        $socket = New-FaultSocket
        try {
            $failure = Get-Failure { Connect-Ctr $socket.Path -TimeoutSec 1 }
            $failure.FullyQualifiedErrorId | Should -BeLike 'DaemonTimeout,*'
            $failure.CategoryInfo.Category | Should -Be 'OperationTimeout'
            Test-CtrConnection -Address $socket.Path -TimeoutSec 1 | Should -BeFalse
        }
        finally {
            $socket.Dispose()
        }
    }
}

Describe 'TLS' {
    It 'is for tcp alone' {
        (Get-Failure { Connect-Ctr -Insecure }).FullyQualifiedErrorId | Should -BeLike 'InvalidTlsOption,*'
        (Get-Failure { Connect-Ctr tcp://localhost:1 -CertificateKey x }).FullyQualifiedErrorId | Should -BeLike 'InvalidTlsOption,*'
    }

    It 'wants certificates that are there and are certificates' {
        $file = New-Item "$TestDrive/no.pem" -Value 'not a certificate'
        foreach ($path in "$TestDrive/absent.pem", $file.FullName) {
            (Get-Failure { Connect-Ctr tcp://localhost:1 -Certificate $path }).FullyQualifiedErrorId | Should -BeLike 'InvalidCertificate,*'
        }
    }

    It 'reaches the port of a daemon, which serves no API of containerd''s there' {
        if (-not $env:CONTAINERD_TEST_TLS_ADDRESS) {
            Set-ItResult -Skipped -Because 'the daemon has no TCP port'
        }
        $address = "tcp://$env:CONTAINERD_TEST_TLS_ADDRESS"
        $failure = Get-Failure {
            Connect-Ctr $address -CACertificate $env:CONTAINERD_TEST_TLS_CA -Certificate $env:CONTAINERD_TEST_TLS_CERT -CertificateKey $env:CONTAINERD_TEST_TLS_KEY
        }
        $failure.FullyQualifiedErrorId | Should -BeLike 'NotContainerd,*'
        $failure.Exception.Message | Should -BeLike '*unknown service containerd.services.version.v1.Version*'
        (Get-Failure { Connect-Ctr $address }).Exception.Message | Should -BeLike '*certificate*'
    }
}

Describe 'Test-CtrConnection' {
    It 'is true for a daemon that serves' {
        Test-CtrConnection -ErrorAction Stop | Should -BeTrue
    }
}
