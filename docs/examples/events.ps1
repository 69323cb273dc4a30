# What happens in the daemon, as objects: registered, collected, published, streamed.
# Needs: containerd, and busybox.tar (an OCI archive) in the current directory.
$ErrorActionPreference = 'Stop'
$null = Connect-Ctr
$null = Import-CtrImage -Path ./busybox.tar

'Every event about tasks is kept while other things are done:'
Register-CtrEvent -Topic /tasks -SourceIdentifier tasks
New-CtrContainer -Id short -Image busybox -Command sh, -c, 'exit 3' | Start-CtrTask -NoIO | Wait-CtrTask | Remove-CtrContainer -Force
$events = do {
    $raised = Wait-Event -SourceIdentifier tasks -Timeout 60
    if (-not $raised) { throw 'No event came for a minute.' }
    $raised.SourceArgs[0]
    Remove-Event -EventIdentifier $raised.EventIdentifier
} until ($raised.SourceArgs[0].Type -eq 'TaskDelete')
Unregister-Event tasks
$events | Format-Table

'The exit is an object like any other:'
$events.Where({ $_.Type -eq 'TaskExit' }) | Format-List ContainerId, ExitCode, OutOfMemory, IsReconstructed

'The stream itself, until it had one exit, or for a minute:'
New-CtrContainer -Id later -Image busybox -Command sh, -c, 'sleep 5; exit 4' | Start-CtrTask -NoIO | Format-Table
Get-CtrEvent -Topic /tasks/exit -Count 1 -TimeoutSec 60 | Format-Table
Remove-CtrContainer -Id later -Force

'An event of our own runs an action:'
$files = [System.Collections.Concurrent.ConcurrentQueue[object]]::new()
$job = Register-CtrEvent -Topic /backup -SourceIdentifier backup -MessageData $files -Action { $Event.MessageData.Enqueue($args[0].Data.files) }
Publish-CtrEvent -Topic /backup/done -Data @{ id = 'nightly'; files = 12 }
for ($i = 0; $i -lt 600 -and -not $files.Count; $i++) { Start-Sleep -Milliseconds 50 }
"The backup has $files files."
Unregister-Event backup
$job | Remove-Job -Force

Remove-CtrImage -Name busybox
Disconnect-Ctr
