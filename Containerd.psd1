@{
    RootModule = 'Containerd.dll'
    ModuleVersion = '0.1.0'
    GUID = 'f6311ad0-055c-4436-bd6a-4b73c85eacf8'
    Author = 'The Containerd for PowerShell authors'
    CompanyName = 'The Containerd for PowerShell authors'
    Copyright = '(c) The Containerd for PowerShell authors. MIT License.'
    Description = 'Talks to containerd: containers, tasks, exec, images and events as objects in the pipeline.'
    PowerShellVersion = '7.4'
    CompatiblePSEditions = @('Core')
    FormatsToProcess = @(
        'Containerd.Checkpoints.Format.ps1xml'
        'Containerd.Containers.Format.ps1xml'
        'Containerd.Events.Format.ps1xml'
        'Containerd.Images.Format.ps1xml'
        'Containerd.Repair.Format.ps1xml'
        'Containerd.Sessions.Format.ps1xml'
        'Containerd.Tasks.Format.ps1xml'
    )
    TypesToProcess = @('Containerd.Types.ps1xml')
    FunctionsToExport = @()
    CmdletsToExport = @(
        'Close-CtrStandardInput'
        'Connect-Ctr'
        'Connect-CtrTask'
        'Copy-CtrItem'
        'Disconnect-Ctr'
        'Enter-CtrTask'
        'Get-CtrCheckpoint'
        'Get-CtrContainer'
        'Get-CtrEvent'
        'Get-CtrImage'
        'Get-CtrLog'
        'Get-CtrPlugin'
        'Get-CtrProcess'
        'Get-CtrSession'
        'Get-CtrSpec'
        'Get-CtrTask'
        'Get-CtrVersion'
        'Import-CtrImage'
        'Invoke-CtrExec'
        'Measure-CtrTask'
        'New-CtrContainer'
        'New-CtrSpec'
        'New-CtrTask'
        'Publish-CtrEvent'
        'Register-CtrEvent'
        'Remove-CtrCheckpoint'
        'Remove-CtrContainer'
        'Remove-CtrImage'
        'Remove-CtrTask'
        'Repair-Ctr'
        'Restore-CtrCheckpoint'
        'Resume-CtrTask'
        'Save-CtrCheckpoint'
        'Send-CtrSignal'
        'Set-CtrContainer'
        'Set-CtrTerminalSize'
        'Start-CtrExec'
        'Start-CtrTask'
        'Stop-CtrTask'
        'Suspend-CtrTask'
        'Test-CtrConnection'
        'Update-CtrTask'
        'Wait-CtrTask'
    )
    VariablesToExport = @()
    AliasesToExport = @()
    PrivateData = @{
        PSData = @{
            Tags = @('containerd', 'container', 'containers', 'OCI', 'runc', 'gRPC', 'PSEdition_Core', 'Linux', 'Windows')
            ReleaseNotes = 'CHANGELOG.md'
        }
    }
}
