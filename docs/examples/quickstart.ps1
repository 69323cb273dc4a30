# From an image archive to a container, a command in it, and back to nothing: one pipeline.
# Needs: containerd, and busybox.tar (an OCI archive) in the current directory.
$ErrorActionPreference = 'Stop'

'Connected to:'
Connect-Ctr | Format-Table

'An image from an archive:'
Import-CtrImage -Path ./busybox.tar | Format-Table

'A container made, started, asked, stopped and removed:'
New-CtrContainer -Id web -Image busybox -Command sh, -c, 'trap exit TERM; sleep 1000 & wait' -Memory 64MB -Environment @{ GREETING = 'Hello' } -OutVariable container |
    Start-CtrTask -OutVariable task |
    Invoke-CtrExec -Command sh, -c, 'echo "$GREETING from a container on $(uname -s)"' -OutVariable result |
    Stop-CtrTask -PassThru -OutVariable ended |
    Remove-CtrContainer
$container | Format-Table
$task | Format-Table
$result | Format-Table
$ended | Format-Table

'Output that arrives line by line:'
New-CtrContainer -Id counter -Image busybox -Command sh, -c, 'for i in 1 2 3; do echo "line $i"; done; exit 3' |
    Start-CtrTask -Attach
Wait-CtrTask -Id counter | Format-Table
Remove-CtrContainer -Id counter

'What is left:'
[pscustomobject]@{ Containers = @(Get-CtrContainer).Count; Tasks = @(Get-CtrTask).Count } | Format-Table

Remove-CtrImage -Name busybox
Disconnect-Ctr
