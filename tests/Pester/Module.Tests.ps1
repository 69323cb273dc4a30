BeforeAll {
    $root = Resolve-Path "$PSScriptRoot/../.."
    $staged = "$root/out/Containerd"
    $manifest = Import-PowerShellDataFile "$staged/Containerd.psd1"
    $module = Import-Module $staged -PassThru -Force
}

AfterAll {
    Remove-Module Containerd
}

Describe 'The staged module' {
    It 'has a valid manifest' {
        Test-ModuleManifest "$staged/Containerd.psd1" | Should -Not -BeNullOrEmpty
    }

    It 'exports exactly the cmdlets that its manifest names' {
        $module.ExportedCmdlets.Keys | Sort-Object | Should -Be ($manifest.CmdletsToExport | Sort-Object)
    }

    It 'names every cmdlet of its assembly in the manifest' {
        $types = $module.ImplementingAssembly.GetExportedTypes() | Where-Object { -not $_.IsAbstract }
        $names = foreach ($type in $types) {
            $cmdlet = $type.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)
            if ($cmdlet) { "$($cmdlet[0].VerbName)-$($cmdlet[0].NounName)" }
        }
        $names | Sort-Object | Should -Be ($manifest.CmdletsToExport | Sort-Object)
    }

    It 'tells what each parameter of its own is for' {
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
        $silent = foreach ($command in $module.ExportedCmdlets.Values) {
            foreach ($parameter in $command.Parameters.Values.Where({ $_.Name -notin $common })) {
                $said = $parameter.Attributes.Where({ $_ -is [Parameter] }).HelpMessage
                if (-not $said -or $said -contains $null -or $said -contains '') { "$($command.Name) -$($parameter.Name)" }
            }
        }
        $silent | Should -BeNullOrEmpty
    }

    It 'knows -<Name> as -<Alias> wherever it is' -ForEach @{ Name = 'Environment'; Alias = 'Env' }, @{ Name = 'Terminal'; Alias = 'Tty' } {
        $cmdlets = @(Get-Command -Module Containerd).Where({ $_.Parameters.ContainsKey($Name) })
        $cmdlets.Count | Should -BeGreaterThan 3
        foreach ($cmdlet in $cmdlets) { $cmdlet.Parameters[$Name].Aliases | Should -Contain $Alias -Because $cmdlet.Name }
    }

    It 'names no cmdlet in its messages that there is not' {
        $wrong = Select-String -Path (Get-ChildItem "$root/src" -Recurse -Filter *.cs) -Pattern '^(?!\s*//).*"' | ForEach-Object {
            $at = "$($_.Filename):$($_.LineNumber)"
            foreach ($text in [regex]::Matches($_.Line, '"(?:[^"\\]|\\.)*"').Value) {
                [regex]::Matches($text, '\b[A-Z][a-z]+-Ctr[A-Za-z]*').Value | Where-Object { $_ -and $_ -notin $manifest.CmdletsToExport } | ForEach-Object { "$at $_" }
            }
        }
        $wrong | Should -BeNullOrEmpty
    }

    It 'uses approved verbs' {
        $approved = (Get-Verb).Verb
        $module.ExportedCmdlets.Values.Verb | Where-Object { $_ -notin $approved } | Should -BeNullOrEmpty
    }

    It 'has a view for each of its formats that PowerShell reads' {
        foreach ($file in $manifest.FormatsToProcess) {
            { Update-FormatData -PrependPath "$staged/$file" -ErrorAction Stop } | Should -Not -Throw
        }
    }

    It 'shows a short list of properties for <_>, each of which there is' -ForEach @(
        'CtrContainer', 'CtrTask', 'CtrProcess', 'CtrTaskMetric', 'CtrExitStatus', 'CtrExecResult', 'CtrCopy', 'CtrImage', 'CtrVersion', 'CtrPlugin', 'CtrSession', 'CtrNamespace'
    ) {
        $shown = (Get-TypeData "Containerd.$_").DefaultDisplayPropertySet.ReferencedProperties
        $shown | Should -Not -BeNullOrEmpty
        $properties = ("Containerd.$_" -as [type]).GetProperties().Name
        $shown | Where-Object { $_ -notin $properties } | Should -BeNullOrEmpty
    }

    It 'has the version of its assembly' {
        $version = [Reflection.AssemblyName]::GetAssemblyName("$staged/Containerd.dll").Version
        "$($version.Major).$($version.Minor).$($version.Build)" | Should -Be $manifest.ModuleVersion
    }

    It 'keeps third-party assemblies in Dependencies' {
        (Get-ChildItem "$staged/*.dll").Name | Should -Be 'Containerd.dll'
        (Get-ChildItem "$staged/Dependencies").Name | Sort-Object | Should -Be 'Containerd.Client.dll', 'Google.Protobuf.dll'
    }

    It 'is compiled ahead of time: <_>' -ForEach 'Containerd.dll', 'Dependencies/Containerd.Client.dll', 'Dependencies/Google.Protobuf.dll' {
        $stream = [IO.File]::OpenRead("$staged/$_")
        try {
            $reader = [Reflection.PortableExecutable.PEReader]::new($stream)
            $reader.PEHeaders.CorHeader.ManagedNativeHeaderDirectory.Size | Should -BeGreaterThan 0
        }
        finally {
            $stream.Dispose()
        }
    }
}
