<#
.SYNOPSIS
Builds, tests, shows, measures and packages the module, for people who have PowerShell.

.DESCRIPTION
The work is done by build.sh; this script gives its tasks PowerShell's face. Package builds, then writes
out/Containerd-<version>.zip.

.PARAMETER Task
Build, Test, Demo, Bench or Package.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Package')]
    [string] $Task = 'Build'
)

$ErrorActionPreference = 'Stop'
$step = if ($Task -eq 'Package') { 'build' } else { $Task.ToLowerInvariant() }
& bash "$PSScriptRoot/build.sh" $step
if ($LASTEXITCODE -ne 0) {
    exit $LASTEXITCODE
}

if ($Task -eq 'Package') {
    $version = (Import-PowerShellDataFile "$PSScriptRoot/Containerd.psd1").ModuleVersion
    $archive = "$PSScriptRoot/out/Containerd-$version.zip"
    Compress-Archive -Path "$PSScriptRoot/out/Containerd" -DestinationPath $archive -Force
    $archive
}
