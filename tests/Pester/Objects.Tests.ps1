# Whatever way an object comes to a cmdlet, it is its own daemon that is asked. No daemon is there: the error tells which was.
BeforeDiscovery {
    $objects = @(
        @{ Type = 'CtrContainer'; Values = @{ Id = 'web' } }
        @{ Type = 'CtrTask'; Values = @{ Id = 'web'; Pid = 1; Status = 'Running' } }
        @{ Type = 'CtrProcess'; Values = @{ ContainerId = 'web'; ExecId = 'sh'; Kind = 'Exec'; Pid = 2 } }
        @{ Type = 'CtrExitStatus'; Values = @{ ContainerId = 'web'; ExecId = 'sh'; ExitCode = 0 } }
        @{ Type = 'CtrImage'; Values = @{ Name = 'docker.io/library/busybox:latest' } }
        @{ Type = 'CtrCheckpoint'; Values = @{ Kind = 'Image'; Location = 'docker.io/library/saved:1'; ContainerId = 'web' } }
    )
    # It asks no daemon where there is no terminal.
    $interactive = 'Enter-CtrTask'
    $noun = @{ CtrImage = 'CtrImage'; CtrCheckpoint = 'CtrCheckpoint' }
    $cmdlets = (Import-Module "$PSScriptRoot/../../out/Containerd" -PassThru).ExportedCmdlets.Values
    $cases = foreach ($object in $objects) {
        $parameter = if ($noun[$object.Type]) { "Containerd.$($object.Type)[]" } else { 'Containerd.IContainerReference[]' }
        foreach ($cmdlet in $cmdlets | Where-Object { $_.Parameters['InputObject'].ParameterType.FullName -eq $parameter -and $_.Name -notin $interactive }) {
            @{ Cmdlet = $cmdlet.Name; Type = $object.Type; Values = $object.Values }
        }
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../out/Containerd"
    $address = $env:CONTAINERD_ADDRESS
    $env:CONTAINERD_ADDRESS = '/no/default.sock'
    $more = @{
        'Invoke-CtrExec' = @{ Command = 'true' }
        'Start-CtrExec' = @{ Command = 'true' }
        'Send-CtrSignal' = @{ Signal = 'TERM' }
        'Set-CtrTerminalSize' = @{ Columns = 80; Rows = 24 }
        'Update-CtrTask' = @{ Memory = '64MB' }
        'Save-CtrCheckpoint' = @{ Path = "TestDrive:/$(Get-Random)" }
        'Remove-CtrContainer' = @{ Force = $true }
    }

    function New-Object([string] $Type, [hashtable] $Values) {
        $all = $Values + @{ Address = 'unix:///its/own.sock'; Namespace = 'its.own' }
        if ($Type -eq 'CtrImage') { $all.Target = [Containerd.CtrDescriptor]::new() }
        & ([scriptblock]::Create("param(`$values) [Containerd.$Type] `$values")) $all
    }

    # The addresses of the daemons that were asked.
    function Get-Asked([scriptblock] $Command) {
        $ErrorActionPreference = 'Continue'
        $failed = @(& $Command 2>&1)
        $failed | Should -Not -BeNullOrEmpty
        $failed.ForEach({ "$_" -replace '^.* at (?<address>\S+?)\.?$', '${address}' })
    }
}

AfterAll {
    $env:CONTAINERD_ADDRESS = $address
    Remove-Module Containerd
}

Describe '<Cmdlet> asks the daemon of a <Type>' -ForEach $cases {
    BeforeAll {
        $object = New-Object $Type $Values
        $parameters = $more[$Cmdlet] ?? @{}
    }

    It 'from the pipeline' {
        Get-Asked { $object | & $Cmdlet @parameters } | Should -Be 'unix:///its/own.sock'
        Get-Asked { $object, $object | & $Cmdlet @parameters } | Select-Object -Unique | Should -Be 'unix:///its/own.sock'
    }

    It 'by position, one or several' {
        Get-Asked { & $Cmdlet $object @parameters } | Should -Be 'unix:///its/own.sock'
        Get-Asked { & $Cmdlet $object, $object @parameters } | Select-Object -Unique | Should -Be 'unix:///its/own.sock'
    }

    It 'that was saved, or of which properties were selected' {
        $saved = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($object))
        Get-Asked { $saved | & $Cmdlet @parameters } | Should -Be 'unix:///its/own.sock'
        Get-Asked { & $Cmdlet $saved @parameters } | Should -Be 'unix:///its/own.sock'
        Get-Asked { $object | Select-Object *Id, Name, Location, Kind, Address, Namespace | & $Cmdlet @parameters } | Should -Be 'unix:///its/own.sock'
    }

    It 'and takes it for no text' {
        $text = $Cmdlet -eq 'Restore-CtrCheckpoint' ? 'Image' : $Type -in 'CtrImage', 'CtrCheckpoint' ? 'Name' : 'Id'
        $named = @{ $text = $object } + $parameters
        { & $Cmdlet @named -ErrorAction Stop } | Should -Throw "*'$text'*"
    }
}

Describe 'A process that is neither the first one nor an exec' {
    It 'is told apart from its container, also when it was saved' {
        $child = New-Object CtrProcess @{ ContainerId = 'web'; Kind = 'Child'; Pid = 3; ExecId = [NullString]::Value }
        $saved = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($child))
        { $child | Send-CtrSignal -Signal TERM -ErrorAction Stop } | Should -Throw -ErrorId 'ProcessNotAddressable,*'
        { $saved | Send-CtrSignal -Signal TERM -ErrorAction Stop } | Should -Throw -ErrorId 'ProcessNotAddressable,*'
    }
}

Describe 'Start-CtrTask -Checkpoint' {
    It 'takes a checkpoint in a directory, and refuses another' {
        $values = @{ Location = '/no/such/directory'; ContainerId = 'web' }
        Get-Asked { Start-CtrTask web -Checkpoint (New-Object CtrCheckpoint ($values + @{ Kind = 'Directory' })) } | Should -Be "There is no checkpoint '/no/such/directory': it is not a directory."
        { Start-CtrTask web -Checkpoint (New-Object CtrCheckpoint ($values + @{ Kind = 'Image' })) -ErrorAction Stop } | Should -Throw '*Restore-CtrCheckpoint*'
    }
}

Describe 'Which daemon it is' {
    It 'is told by -WhatIf' {
        $said = & ($env:PWSH ?? 'pwsh') -NoProfile -NonInteractive -Command "
            Import-Module '$((Get-Module Containerd).Path)'
            Remove-CtrContainer web -Address /a/b.sock -Namespace k8s.io -WhatIf"
        $said | Should -Be 'What if: Performing the operation "Remove container" on target "web (namespace k8s.io of unix:///a/b.sock)".'
    }

    It 'is told by -Verbose' {
        $said = Get-CtrTask -Address /a/b.sock -Namespace k8s.io -Verbose -ErrorAction SilentlyContinue 4>&1
        "$said" | Should -Be "The daemon is unix:///a/b.sock, the namespace 'k8s.io'."
    }
}
