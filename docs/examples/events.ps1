# What happens in the daemon, as objects: registered, collected, published, streamed.
# Needs: containerd, and busybox.tar (an OCI archive) in the current directory.
$ErrorActionPreference = 'Stop'
$null = Connect-Ctr
$null = Import-CtrImage -Path ./busybox.tar

'Every event about tasks is kept while other things are done:'
Register-CtrEvent -Topic /tasks -SourceIdentifier tasks
New-CtrContainer -Id short -Image busybox -Command sh, -c, 'exit 3' | Start-CtrTask -NoIO | Wait-CtrTask | Remove-CtrContainer -Force
$events = do {
    $raised = Wait-Event -SourceIdentifier tasks -Timeout 30
    $raised.SourceArgs[0]
    Remove-Event -EventIdentifier $raised.EventIdentifier
} until ($raised.SourceArgs[0].Type -eq 'TaskDelete')
Unregister-Event tasks
$events | Format-Table

'The exit is an object like any other:'
$events.Where({ $_.Type -eq 'TaskExit' }) | Format-List ContainerId, ExitCode, OutOfMemory, IsReconstructed

'An event of our own wakes who waits for it:'
$listening = Start-ThreadJob {
    Get-CtrEvent -Topic /backup -Count 1 -TimeoutSec 60 -Verbose 4>&1
}
while (-not $listening.Output.Count) { Start-Sleep -Milliseconds 50 }
Publish-CtrEvent -Topic /backup/done -Data @{ id = 'nightly'; files = 12 }
($listening | Receive-Job -Wait -AutoRemoveJob | Select-Object -Last 1).Data

Remove-CtrImage -Name busybox
Disconnect-Ctr
