BeforeAll {
    Import-Module "$PSScriptRoot/../../out/Containerd"
    . "$PSScriptRoot/FaultSocket.ps1"
    $module = (Resolve-Path "$PSScriptRoot/../../out/Containerd").Path
    $guard = [timespan]::FromSeconds(30)
}

AfterAll {
    Remove-Module Containerd
}

Describe 'Ctrl+C' {
    It 'ends a call that nobody answers: <Name>' -ForEach @(
        @{ Name = 'Get-CtrPlugin'; Script = 'Get-CtrPlugin -Address $address -TimeoutSec 0' }
        @{ Name = 'Get-CtrVersion'; Script = 'Get-CtrVersion -Address $address -TimeoutSec 0' }
        @{ Name = 'Connect-Ctr'; Script = 'Connect-Ctr $address -TimeoutSec 0' }
        @{ Name = 'Test-CtrConnection'; Script = 'Test-CtrConnection -Address $address -TimeoutSec 0' }
        @{ Name = 'a command downstream'; Script = '1..3 | ForEach-Object { Get-CtrPlugin -Address $address -TimeoutSec 0 } | Get-CtrVersion -Address $address' }
    ) {
        $socket = New-FaultSocket
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("param(`$module, `$address) Import-Module `$module; $Script; 'went on'").AddArgument($module).AddArgument($socket.Path)
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $call = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]$null, $output)
            $socket.WaitFor('PRI * HTTP/2.0', 30)
            $stop = $shell.BeginStop($null, $null)
            $stop.AsyncWaitHandle.WaitOne($guard) | Should -BeTrue
            $shell.EndStop($stop)
            $call.AsyncWaitHandle.WaitOne($guard) | Should -BeTrue
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $output.Count | Should -Be 0
            $shell.Streams.Error.Count | Should -Be 0
        }
        finally {
            $shell.Dispose()
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
