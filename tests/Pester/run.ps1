<#
.SYNOPSIS
Runs the Pester tests on the staged module and writes to a file: 'passed failed skipped', and a line for each failure.
#>
param([Parameter(Mandatory)] [string] $Results)

$ErrorActionPreference = 'Stop'
Import-Module $env:PESTER

$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
$configuration.Output.RenderMode = 'Plaintext'
$run = Invoke-Pester -Configuration $configuration

foreach ($test in $run.Skipped) {
    "SKIPPED Pester: $($test.ExpandedPath): $($test.ErrorRecord)"
}
# A block or file that failed to run holds tests that did not.
$failed = $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
Set-Content -Path $Results -Value @(
    "$($run.PassedCount) $failed $($run.SkippedCount)"
    foreach ($one in @($run.Failed) + $run.FailedBlocks + $run.FailedContainers) {
        $name = "$($one.ExpandedPath ?? $one.Item)"
        "${name}: $("$($one.ErrorRecord | Select-Object -First 1)" -replace '\s*\n.*')"
    })
