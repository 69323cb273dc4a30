BeforeAll {
    Import-Module "$PSScriptRoot/../../out/Containerd"
    . "$PSScriptRoot/FaultSocket.ps1"

    function Get-Completion([string] $Text) {
        [System.Management.Automation.CommandCompletion]::CompleteInput($Text, $Text.Length, $null).CompletionMatches
    }

    function Invoke-Ctr {
        $said = & $env:CONTAINERD_TEST_CTR --address $env:CONTAINERD_ADDRESS @args 2>&1
        if ($LASTEXITCODE) { throw "ctr $args`: $said" }
    }

    $namespace = "completion-$PID"
    Invoke-Ctr namespaces create $namespace
}

AfterAll {
    Get-CtrSession | Disconnect-Ctr
    Invoke-Ctr namespaces remove $namespace
    Remove-Module Containerd
}

Describe 'Completion' {
    It 'offers the namespaces of the daemon' {
        (Get-Completion 'Get-CtrVersion -Namespace completion').CompletionText | Should -Be $namespace
        (Get-Completion "Get-CtrVersion -Namespace 'COMPL").CompletionText | Should -Be "'$namespace'"
        (Get-Completion 'Get-CtrVersion -Namespace "compl').CompletionText | Should -Be "`"$namespace`""
    }

    It 'asks the daemon whose address is typed' {
        $before = $env:CONTAINERD_ADDRESS
        try {
            $env:CONTAINERD_ADDRESS = '/nowhere.sock'
            (Get-Completion "Get-CtrVersion -Address $before -Namespace compl").CompletionText | Should -Be $namespace
            (Get-Completion 'Get-CtrVersion -Namespace compl').CompletionText | Should -Not -Contain $namespace
        }
        finally {
            $env:CONTAINERD_ADDRESS = $before
        }
    }

    It 'asks the session that is typed' {
        $session = Connect-Ctr -Name "it's mine"
        $before = $env:CONTAINERD_ADDRESS
        try {
            $env:CONTAINERD_ADDRESS = '/nowhere.sock'
            $global:completionSession = $session
            (Get-Completion 'Get-CtrVersion -Session $completionSession -Namespace compl').CompletionText | Should -Be $namespace
        }
        finally {
            $env:CONTAINERD_ADDRESS = $before
            Remove-Variable completionSession -Scope Global
            Disconnect-Ctr
        }
    }

    It 'offers plugins' {
        (Get-Completion 'Get-CtrPlugin io.containerd.snap').CompletionText | Should -Contain 'io.containerd.snapshotter.v1'
        (Get-Completion 'Get-CtrPlugin -Id overl').CompletionText | Should -Be 'overlayfs'
    }

    It 'offers open sessions, quoted where they need it' {
        $null = Connect-Ctr -Name "it's mine"
        $null = Connect-Ctr -Name plain
        (Get-Completion 'Get-CtrSession ').CompletionText | Should -Be "'it''s mine'", 'plain'
        (Get-Completion 'Disconnect-Ctr -Name it').CompletionText | Should -Be "'it''s mine'"
        Get-CtrSession | Disconnect-Ctr
    }

    It 'offers signals, with SIG and without' {
        (Get-Completion 'Send-CtrSignal web TER').CompletionText | Should -Be TERM
        (Get-Completion 'Send-CtrSignal web sigter').CompletionText | Should -Be SIGTERM
        (Get-Completion 'Stop-CtrTask web -Signal s').CompletionText | Should -Contain SIGTERM
    }

    It 'offers capabilities' {
        (Get-Completion 'New-CtrSpec -CapabilityAdd NET_A').CompletionText | Should -Be NET_ADMIN
        (Get-Completion 'New-CtrContainer -CapabilityDrop al').CompletionText | Should -Be ALL
    }

    It 'offers addresses' {
        (Get-Completion 'Connect-Ctr ').CompletionText | Should -Contain $env:CONTAINERD_ADDRESS
        $null = Connect-Ctr
        (Get-Completion 'Get-CtrVersion -Address unix').CompletionText | Should -Be "unix://$env:CONTAINERD_ADDRESS"
        Disconnect-Ctr
    }

    It 'is silent about a daemon that is absent, one that never answers, and a word that is no pattern' {
        $socket = New-FaultSocket
        $errors = $Error.Count
        try {
            foreach ($text in 'Get-CtrVersion -Address /nowhere.sock -Namespace compl', "Get-CtrVersion -Address $($socket.Path) -Namespace compl", 'Get-CtrVersion -Namespace [compl') {
                (Get-Completion $text).CompletionText | Should -Not -Contain $namespace
            }
            $Error.Count | Should -Be $errors
        }
        finally {
            $socket.Dispose()
        }
    }
}
