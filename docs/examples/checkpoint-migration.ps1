# A running process moves to another daemon, and loses nothing of what it has in memory.
# Needs: containerd and CRIU on both hosts, and busybox.tar (an OCI archive) in the current directory.
# Without -Destination it moves to another namespace of the same daemon. For another daemon:
#   ./checkpoint-migration.ps1 -Source /run/containerd/containerd.sock -Destination /run/other/containerd.sock
param(
    # The daemon that it runs on first; the default one if not given.
    [string] $Source,
    # The daemon that it moves to; the source's if not given.
    [string] $Destination = $Source
)
$ErrorActionPreference = 'Stop'
# Namespaces beside the one that is in use.
$name = $env:CONTAINERD_NAMESPACE ?? 'default'
$here = @{ Namespace = "migration-source-$name" }
$there = @{ Namespace = "migration-destination-$name" }
if ($Source) { $here.Address = $Source }
if ($Destination) { $there.Address = $Destination }
$path = Join-Path ([IO.Path]::GetTempPath()) "checkpoint-$([guid]::NewGuid())"

# The number is in the shell's memory; /tmp tells it, and is memory too, which a checkpoint holds.
$container = @{
    Id = 'counter'
    Image = 'busybox'
    Mount = 'type=tmpfs,src=tmpfs,dst=/tmp'
    Command = 'sh', '-c', 'while :; do i=$((i+1)); echo $i > /tmp/new; mv /tmp/new /tmp/count; usleep 10000; done'
}

# How far the counter is, as soon as it is beyond a number.
function Get-Count([hashtable] $Daemon, [int] $Beyond) {
    for ($try = 0; $try -lt 600; $try++) {
        $count = [int](Invoke-CtrExec -Id counter -Command cat, /tmp/count @Daemon).StandardOutput
        if ($count -gt $Beyond) { return $count }
        Start-Sleep -Milliseconds 50
    }
    throw 'The counter does not count.'
}

try {
    'Both daemons have the image; a checkpoint in a directory holds the memory alone:'
    $here, $there | ForEach-Object { Import-CtrImage -Path ./busybox.tar @_ } | Format-Table

    'It counts here:'
    New-CtrContainer @container @here | Start-CtrTask -NoIO | Format-Table
    "It has counted to $(Get-Count $here 100)."

    'It is saved, and ends with that:'
    Save-CtrCheckpoint -Id counter -Path $path -Exit @here -OutVariable checkpoint | Format-List Location, ContainerId, Image, Size
    $saved = Get-CtrTask -Id counter @here
    "Its task here is $($saved.Status)."

    'The same container, made there, goes on from the checkpoint:'
    New-CtrContainer @container @there | Start-CtrTask -Checkpoint $checkpoint[0] -NoIO | Format-Table
    $null = Invoke-CtrExec -Id counter -Command rm, -f, /tmp/count @there
    $count = Get-Count $there 0
    if ($count -le 100) { throw "It began anew: it is at $count." }
    "It goes on there, and is at $count."
}
finally {
    foreach ($daemon in $here, $there) {
        Remove-CtrContainer -Id counter -Force @daemon -ErrorAction Ignore
        Remove-CtrImage -Name busybox @daemon -ErrorAction Ignore
    }
    if (Test-Path $path) { Remove-Item -Recurse $path }
}
