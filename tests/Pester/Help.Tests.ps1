BeforeDiscovery {
    $manifest = Import-PowerShellDataFile "$PSScriptRoot/../../out/Containerd/Containerd.psd1"
    $cmdlets = $manifest.CmdletsToExport | ForEach-Object { @{ Cmdlet = $_ } }
    $topics = 'about_Containerd', 'about_Containerd_Connection', 'about_Containerd_Errors', 'about_Containerd_Events', 'about_Containerd_Checkpoints' | ForEach-Object { @{ Topic = $_ } }
}

BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $module = Import-Module "$root/out/Containerd" -PassThru
    $common = [System.Management.Automation.PSCmdlet]::CommonParameters

    # What stands between a heading of the second level and the next.
    function Get-Section([string] $Page, [string] $Heading) {
        [regex]::Match($Page, "(?ms)^## $Heading\n(.*?)(?=^## |\z)").Groups[1].Value
    }

    # As Get-Help shows it: words and no marks.
    function ConvertTo-Plain([string] $Text) {
        ($Text.Replace('`', '') -split '\s+').Where({ $_ }) -join ' '
    }
}

AfterAll {
    Remove-Module Containerd
}

Describe 'The pages in docs/cmdlets' {
    It 'are those of the exported cmdlets' {
        (Get-ChildItem "$root/docs/cmdlets").Name | Sort-Object | Should -Be ($module.ExportedCmdlets.Keys.ForEach({ "$_.md" }) | Sort-Object)
    }
}

Describe 'The page of <Cmdlet>' -ForEach $cmdlets {
    BeforeAll {
        $page = (Get-Content -Raw "$root/docs/cmdlets/$Cmdlet.md").Replace("`r", '')
        $help = Get-Help $Cmdlet -Full
        $parameters = $module.ExportedCmdlets[$Cmdlet].Parameters.Values.Where({ $_.Name -notin $common })
    }

    It 'is filled in' {
        $page | Should -Not -Match '\{\{'
    }

    It 'names no path of somebody''s machine' {
        $page | Should -Not -Match '/(tmp|root|home|Users)/'
    }

    It 'has a sentence as its synopsis' {
        $synopsis = (Get-Section $page SYNOPSIS).Trim()
        $synopsis | Should -MatchExactly '^[A-Z][^\n]{20,150}\.$'
        $synopsis | Should -Not -Match "^$Cmdlet"
    }

    It 'has the parameters that the cmdlet has, each with its type and a description' {
        $documented = [regex]::Matches((Get-Section $page PARAMETERS), '(?ms)^### -(?<name>\w+)\n\n(?<text>.+?)\n\n```yaml\nType: (?<type>[^\n]+)\n')
        $documented.ForEach({ "$($_.Groups['name']) $($_.Groups['type'])" }) | Sort-Object |
            Should -Be ($parameters.ForEach({ "$($_.Name) $($_.ParameterType.ToString())" }) | Sort-Object)
    }

    It 'names the defaults that the cmdlet has' {
        $fresh = [Activator]::CreateInstance($module.ExportedCmdlets[$Cmdlet].ImplementingType)
        # One that must be given has none.
        foreach ($parameter in $parameters.Where({ $_.ParameterSets.Values.IsMandatory -contains $false }).Name) {
            $default = $fresh.$parameter
            if ($default -is [int] -or ($default -is [string] -and $default)) {
                (Get-Help $Cmdlet -Parameter $parameter).defaultValue | Should -Be "$default" -Because $parameter
            }
        }
    }

    It 'names a type of each output' {
        $types = [regex]::Matches((Get-Section $page OUTPUTS), '(?m)^### (\S+)$').ForEach({ $_.Groups[1].Value })
        $types.Where({ $_ -ne 'None' }) | Sort-Object | Should -Be ($module.ExportedCmdlets[$Cmdlet].OutputType.Name | Sort-Object)
    }

    It 'is what Get-Help shows' {
        $help.Synopsis.Trim() | Should -BeExactly (ConvertTo-Plain (Get-Section $page SYNOPSIS))
        ConvertTo-Plain $help.description.Text | Should -BeExactly (ConvertTo-Plain (Get-Section $page DESCRIPTION))
        ConvertTo-Plain $help.alertSet.alert.Text | Should -BeExactly (ConvertTo-Plain (Get-Section $page NOTES))
        foreach ($match in [regex]::Matches((Get-Section $page PARAMETERS), '(?ms)^### -(?<name>\w+)\n\n(?<text>.+?)\n\n```yaml')) {
            $shown = $help.parameters.parameter.Where({ $_.name -eq $match.Groups['name'].Value })
            ConvertTo-Plain $shown.description.Text | Should -BeExactly (ConvertTo-Plain $match.Groups['text'].Value) -Because $match.Groups['name'].Value
        }
    }

    It 'has two examples or more, which Get-Help shows and PowerShell understands' {
        $codes = [regex]::Matches((Get-Section $page EXAMPLES), '(?ms)^### Example [^\n]+\n\n```powershell\n(.+?)\n```\n\n\S').ForEach({ $_.Groups[1].Value })
        $codes.Count | Should -BeGreaterOrEqual 2
        $help.examples.example.Count | Should -Be $codes.Count
        $help.examples.example.code | Should -BeExactly $codes
        foreach ($code in $codes) {
            $errors = $null
            $tree = [System.Management.Automation.Language.Parser]::ParseInput($code, [ref] $null, [ref] $errors)
            $errors | Should -BeNullOrEmpty -Because $code
            foreach ($command in $tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)) {
                Get-Command $command.GetCommandName() | Should -Not -BeNullOrEmpty -Because $code
            }
        }

        "$codes" | Should -Match $Cmdlet
    }
}

Describe '<Topic>' -ForEach $topics {
    It 'is found by Get-Help' {
        # In a process of its own: Get-Help looks for topics in the modules that are loaded.
        $said = & ($env:PWSH ?? 'pwsh') -NoProfile -NonInteractive -Command "Import-Module '$root/out/Containerd'; Get-Help $Topic | Out-String -Width 200"
        $said -join "`n" | Should -MatchExactly "TOPIC\s+$Topic\s"
    }

    It 'fits a terminal of 80 columns' {
        (Get-Content "$root/docs/en-US/$Topic.help.txt").Where({ $_.Length -gt 80 }) | Should -BeNullOrEmpty
    }
}

Describe 'about_Containerd_Errors' {
    It 'lists each error id of the source' {
        $source = (Get-ChildItem "$root/src" -Recurse -Include *.cs | Where-Object FullName -NotMatch '/(obj|bin)/' | Get-Content -Raw) -join "`n"
        $patterns = 'CtrErrorKind\.\w+,\s*"(\w+)",', 'InvalidArgument\(\s*"(\w+)",', '"(\w+)", ErrorCategory\.', 'CtrErrorKind\.\w+ => "(\w+)"'
        $ids = $patterns.ForEach({ [regex]::Matches($source, $_).ForEach({ $_.Groups[1].Value }) }) | Sort-Object -Unique
        $ids.Count | Should -BeGreaterThan 40
        $topic = Get-Content -Raw "$root/docs/en-US/about_Containerd_Errors.help.txt"
        $ids.Where({ $topic -cnotmatch "(?m)^    $_ +\w" }) | Should -BeNullOrEmpty
    }
}
