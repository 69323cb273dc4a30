# Prints our figures beside ctr's on the same daemon in the same run: medians of whole rounds, ours in this process
# through the cmdlets, ctr as it is used, one process a command. Run by './build.sh bench'.
param(
    [Parameter(Mandatory)] [string] $Module,
    [Parameter(Mandatory)] [string] $Images,
    [int] $Rounds = 5
)

$ErrorActionPreference = 'Stop'
$ctr = @($env:CONTAINERD_TEST_CTR, '--address', $env:CONTAINERD_TEST_ADDRESS, '--namespace', 'bench')
$image = 'docker.io/library/busybox:latest'
$idle = 'trap exit TERM; sleep 1000 & wait'

function Invoke-Ctr {
    $output = & $ctr[0] $ctr[1..4] @args 2>&1
    if ($LASTEXITCODE -ne 0) { throw "ctr $args ended with ${LASTEXITCODE}: $output" }
    $output
}

function Get-Median([double[]] $Value) { ($Value | Sort-Object)[[math]::Floor($Value.Count / 2)] }

# Who is first changes with each round: what one leaves to do, such as a garbage collector's run, is not always the other's.
function Measure-Pair([string] $Name, [scriptblock] $Ours, [scriptblock] $Theirs, [int] $Times = $Rounds) {
    $a = @(); $b = @()
    foreach ($round in 1..$Times) {
        if ($round % 2) { $a += (Measure-Command $Ours).TotalMilliseconds }
        $b += (Measure-Command $Theirs).TotalMilliseconds
        if (-not ($round % 2)) { $a += (Measure-Command $Ours).TotalMilliseconds }
    }

    $mine = Get-Median $a; $other = Get-Median $b
    [pscustomobject]@{
        Measured   = $Name
        'ours/ms'  = [int]$mine
        'ctr/ms'   = [int]$other
        'ours/ctr' = [math]::Round($mine / $other, 2)
    }
}

function Measure-Process([string] $Command) {
    Get-Median @(foreach ($round in 1..7) {
            (Measure-Command { & $env:PWSH -NoProfile -NonInteractive -Command $Command }).TotalMilliseconds
        })
}

Import-Module $Module
$env:CONTAINERD_NAMESPACE = 'bench'
Connect-Ctr -Address $env:CONTAINERD_TEST_ADDRESS -Namespace bench | Out-Null
Import-CtrImage -Path "$Images/busybox.tar" | Out-Null
New-CtrContainer -Id idle -Image busybox -Command sh, -c, $idle | Start-CtrTask | Out-Null

Measure-Pair '200 execs of true in turn' {
    1..200 | ForEach-Object { Invoke-CtrExec idle true } | Out-Null
} {
    1..200 | ForEach-Object { Invoke-Ctr tasks exec --exec-id "x$_" idle true } | Out-Null
}

# Lines of 1 KiB: each is an object in the pipeline. Four processes share the machine here, so rounds differ most.
$output = 'yes $(head -c 1023 /dev/zero | tr "\0" x) | head -c 268435456'
Measure-Pair '256 MiB of output from an exec' {
    Invoke-CtrExec idle sh, -c, $output -Stream | Out-Null
} {
    & sh -c 'exec "$@" > /dev/null' sh @ctr tasks exec --exec-id big idle sh -c $output
} -Times (3 * $Rounds)

Measure-Pair '50 containers, run and removed' {
    1..50 | ForEach-Object { New-CtrContainer -Id "a$_" -Image busybox -Command true } | Start-CtrTask -NoIO | Wait-CtrTask | Remove-CtrContainer
} {
    1..50 | ForEach-Object { Invoke-Ctr run --rm --null-io $image "b$_" true } | Out-Null
}

Stop-CtrTask idle -Force
Remove-CtrContainer idle
1..1000 | ForEach-Object { New-CtrContainer -Id "c$_" -Image busybox } | Out-Null
Measure-Pair 'Listing 1,000 containers' { Get-CtrContainer | Out-Null } { Invoke-Ctr containers list | Out-Null }
Get-CtrContainer | Remove-CtrContainer
Remove-CtrImage busybox

$empty = Measure-Process '1'
$import = Measure-Process "Import-Module '$Module'"
$first = Measure-Process "Import-Module '$Module'; Get-CtrVersion -Address '$env:CONTAINERD_TEST_ADDRESS' | Out-Null"
[pscustomobject]@{ Measured = 'An empty pwsh'; 'ours/ms' = [int]$empty }
[pscustomobject]@{ Measured = '+ Import-Module'; 'ours/ms' = [int]($import - $empty) }
[pscustomobject]@{ Measured = '+ Import-Module and a call'; 'ours/ms' = [int]($first - $empty) }
Disconnect-Ctr
