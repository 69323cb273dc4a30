<#
.SYNOPSIS
Builds, tests, shows, measures, documents and packages the module, for people who have PowerShell.

.DESCRIPTION
The work is done by build.sh; this script gives its tasks PowerShell's face. Package builds, then writes
out/Containerd-<version>.zip. Docs makes docs/en-US/Containerd.dll-Help.xml, which is committed, from the pages in
docs/cmdlets; it needs Microsoft.PowerShell.PlatyPS, which the other tasks don't.

.PARAMETER Task
Build, Test, Demo, Bench, Docs or Package.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Docs', 'Package')]
    [string] $Task = 'Build'
)

$ErrorActionPreference = 'Stop'
if ($Task -eq 'Docs') {
    & "$PSScriptRoot/docs/help.ps1"
    return
}

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
