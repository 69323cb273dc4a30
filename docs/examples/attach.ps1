# A task that outlives the client that started it: its output is read by one after another, and its input written.
# Needs: containerd, and busybox.tar (an OCI archive) in the current directory.
$ErrorActionPreference = 'Stop'
$null = Connect-Ctr
$null = Import-CtrImage -Path ./busybox.tar

'A shell in a container, started by another PowerShell, which ends at once:'
New-CtrContainer -Id shell -Image busybox -Command sh | Format-Table
$module = (Get-Module Containerd).Path
$starter = "Import-Module '$module'; Start-CtrTask -Id shell -OpenStandardInput"
& ($env:PWSH ?? 'pwsh') -NoProfile -NonInteractive -Command $starter
"It ended with $LASTEXITCODE. The shell still waits for what it should do:"
Get-CtrTask -Id shell | Format-Table

'Attached from here, it is told, and its output is read to the end:'
$commands = 'echo "I am $(hostname), and process $$."', 'for i in 1 2 3; do echo $i; done', 'echo "That was all." >&2', 'exit 3'
Connect-CtrTask -Id shell -StandardInput $commands | Format-Table Stream, Text
Wait-CtrTask -Id shell -TimeoutSec 60 | Format-List ContainerId, ExitCode

'A task with a terminal keeps its output until somebody reads it:'
New-CtrContainer -Id terminal -Image busybox -Terminal -Command sh, -c, 'tty; for i in 1 2 3; do echo $i; sleep 1; done' | Start-CtrTask | Format-Table
'The first to attach takes what it wants,'
Connect-CtrTask -Id terminal | Select-Object -First 2 | ForEach-Object Text
'and the task goes on: the next reads what comes then.'
Connect-CtrTask -Id terminal | ForEach-Object Text

'shell', 'terminal' | Remove-CtrContainer -Force
Remove-CtrImage -Name busybox
Disconnect-Ctr
