# docs/parity.md names tests and cmdlets: each is there, and a row without a test says that it is open.
BeforeAll {
    $exported = (Import-PowerShellDataFile "$PSScriptRoot/../../Containerd.psd1").CmdletsToExport
    $rows = foreach ($line in Get-Content "$PSScriptRoot/../../docs/parity.md") {
        if ($line -match '^\| \d+ \|') {
            $cells = $line.Trim('|', ' ') -split ' \| ?'
            [pscustomobject]@{ Number = $cells[0]; Cmdlets = [regex]::Matches($cells[3], '[A-Z][a-z]+-Ctr\w*').Value; Proof = $cells[-1] }
        }
    }

    function Test-Named([string] $Place, [string] $Kind, [string] $Name) {
        $file, $line = if ($Kind -eq '.') {
            (Get-ChildItem "$PSScriptRoot/../Containerd.IntegrationTests", "$PSScriptRoot/../Containerd.Client.Tests" -Recurse -Filter "$Place.cs"), " Task $Name("
        }
        else {
            (Get-Item "$PSScriptRoot/$Place.Tests.ps1" -ErrorAction Ignore), " It '$Name"
        }
        $null -ne $file -and (Select-String -Path $file -Pattern $line -SimpleMatch -CaseSensitive -Quiet)
    }
}

Describe 'docs/parity.md' {
    It 'numbers its rows' {
        $rows.Number | Should -Be (1..@($rows).Count)
    }

    It 'names in each row tests that there are, or says that it is open' {
        $wrong = foreach ($row in $rows) {
            $named = [regex]::Matches($row.Proof, '`(\w+)(\.| › )([^`]+)`')
            if ($named.Count -eq 0 -and $row.Proof -notlike '*[*][*]open[*][*]*') { "row $($row.Number) has no proof" }
            $named | Where-Object { -not (Test-Named $_.Groups[1].Value $_.Groups[2].Value $_.Groups[3].Value) } |
                ForEach-Object { "row $($row.Number): there is no test $($_.Value)" }
        }
        $wrong | Should -BeNullOrEmpty
    }

    It 'names cmdlets that there are in each row that is not open' {
        $rows | Where-Object Proof -notlike '*[*][*]open[*][*]*' | ForEach-Object Cmdlets |
            Where-Object { $_ -and $_ -notin $exported } | Should -BeNullOrEmpty
    }
}
