BeforeDiscovery {
    # Every exported cmdlet, with arguments that have it ask the daemon. $address is that of a daemon that never answers.
    $daemonCmdlets = @{
        'Close-CtrStandardInput' = 'c -Address $address'
        'Connect-Ctr' = '$address'
        'Connect-CtrTask' = 'c -Address $address'
        'Copy-CtrItem' = 'c:/etc . -Address $address'
        'Get-CtrCheckpoint' = '-Address $address'
        'Get-CtrContainer' = '-Address $address'
        'Get-CtrEvent' = '-Address $address'
        'Get-CtrImage' = '-Address $address'
        'Get-CtrLog' = 'c -Follow -Address $address'
        'Get-CtrPlugin' = '-Address $address'
        'Get-CtrProcess' = 'c -Address $address'
        'Get-CtrSpec' = 'c -Address $address'
        'Get-CtrTask' = '-Address $address'
        'Get-CtrVersion' = '-Address $address'
        'Import-CtrImage' = '$archive -Address $address'
        'Invoke-CtrExec' = 'c true -Stream -Address $address'
        'Measure-CtrTask' = '-Address $address'
        'New-CtrContainer' = 'c -Image busybox -Address $address'
        'New-CtrSpec' = '-Image busybox -Address $address'
        'New-CtrTask' = 'c -Address $address'
        'Remove-CtrCheckpoint' = 'checkpoint -Address $address'
        'Publish-CtrEvent' = '/a -Address $address'
        'Register-CtrEvent' = '-Address $address'
        'Remove-CtrContainer' = 'c -Force -Address $address'
        'Remove-CtrImage' = 'busybox -Address $address'
        'Remove-CtrTask' = 'c -Force -Address $address'
        'Repair-Ctr' = '-Address $address'
        'Restore-CtrCheckpoint' = 'checkpoint c -Address $address'
        'Resume-CtrTask' = 'c -Address $address'
        'Save-CtrCheckpoint' = 'c -ImagePath /checkpoint -Address $address'
        'Send-CtrSignal' = 'c TERM -Address $address'
        'Set-CtrContainer' = 'c -Label @{ a = "b" } -Address $address'
        'Set-CtrTerminalSize' = 'c 80 25 -Address $address'
        'Start-CtrExec' = 'c true -Address $address'
        'Start-CtrTask' = 'c -Attach -Address $address'
        'Stop-CtrTask' = 'c -Address $address'
        'Suspend-CtrTask' = 'c -Address $address'
        'Test-CtrConnection' = '-Address $address'
        'Update-CtrTask' = 'c -Memory 64MB -Address $address'
        'Wait-CtrTask' = 'c -Address $address'
    }
    # They ask no daemon, so nothing keeps them waiting; Enter-CtrTask refuses to without a terminal.
    $localCmdlets = 'Disconnect-Ctr', 'Enter-CtrTask', 'Get-CtrSession'
    $silent = $daemonCmdlets.GetEnumerator() | Sort-Object Name | ForEach-Object {
        $timeout = switch ($_.Name) { 'Stop-CtrTask' { '-TimeoutSec 3600' } 'Register-CtrEvent' { '' } default { '-TimeoutSec 0' } }
        @{ Name = $_.Name; Script = "$($_.Name) $($_.Value) $timeout" }
    }
    $silent += @{ Name = 'a command downstream'; Script = '1..3 | ForEach-Object { Get-CtrPlugin -Address $address -TimeoutSec 0 } | Get-CtrVersion -Address $address' }
    $silent += @{ Name = 'a wildcard'; Script = 'Stop-CtrTask c* -Address $address' }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../out/Containerd"
    . "$PSScriptRoot/FaultSocket.ps1"
    . "$PSScriptRoot/Stopping.ps1"
    $archive = "$env:CONTAINERD_TEST_IMAGES/busybox.tar"
}

AfterAll {
    Show-Longest
    Remove-Module Containerd
}

Describe 'Ctrl+C' {
    It 'is tried with every cmdlet' -ForEach @{ Tried = @($daemonCmdlets.Keys) + $localCmdlets } {
        Compare-Object $Tried @((Import-PowerShellDataFile "$PSScriptRoot/../../Containerd.psd1").CmdletsToExport) | Should -BeNullOrEmpty
    }

    It 'ends a call that nobody answers: <Name>' -ForEach $silent {
        $socket = New-FaultSocket
        try {
            $result = Invoke-Stopped $Name $Script @{ address = $socket.Path; archive = $archive } { $socket.WaitFor('/containerd.services.', 30) }
            $result.State | Should -Be 'Stopped'
            $result.Output | Should -BeNullOrEmpty
            $result.Errors | Should -BeNullOrEmpty
        }
        finally {
            $socket.Dispose()
        }
    }
}

Describe 'A stream' {
    It 'ends with -ErrorAction Stop at its first error' {
        $found = [System.Collections.Generic.List[object]]::new()
        { Get-CtrPlugin -Id nothing1, nothing2 -ErrorAction Stop | ForEach-Object { $found.Add($_) } } | Should -Throw -ErrorId 'PluginNotFound,*'
        $found.Count | Should -Be 0
    }

    It 'ends with what a command downstream throws' {
        { Get-CtrPlugin | ForEach-Object { throw 'enough' } } | Should -Throw 'enough'
    }
}
